# How Voilà serves the studio: `nst studio`. A configuration file, not a module.

c = get_config()  # noqa: F821

c.VoilaConfiguration.show_tracebacks = True
c.VoilaConfiguration.extension_denylist = [  # made for JupyterLab; on this page they would only fail
    "@jupyter/nbgrader",
    "@jupyter-notebook/lab-extension",
    "@voila-dashboards/jupyterlab-preview",
]

# The notebook's text and its later sections are not for the page.
c.TagRemovePreprocessor.enabled = True
c.TagRemovePreprocessor.remove_cell_tags = ["not-on-the-page", "links"]

# A page that is closed asks for the end of its kernel. Voilà 0.5 never sets the cookie that Tornado wants to see with
# such a request, and refuses it. All that one could forge without the cookie is this request, for a kernel whose
# random name one would have to know.
c.Voila.tornado_settings = {"disable_check_xsrf": True}
c.MappingKernelManager.cull_idle_timeout = 120  # seconds, for pages that could not ask
c.MappingKernelManager.cull_interval = 20
c.MappingKernelManager.cull_connected = False
