"""The notebooks' vocabulary: one line of imports for a learner. What stands behind it is in nst/.

Import it first: it starts TensorFlow, quietly. Pictures are float32 arrays or tensors of shape (1, n_H, n_W, 3), RGB,
values in [0, 1].
"""

import sys

import nst

nst.start_tensorflow()

from nst.compact import compact
from nst.display import Place, plot_costs, show_figure, show_images
from nst.engine import fast_feature_model
from nst.experiments import contact_sheet
from nst.job import Job, check_knobs
from nst.minimize import coarse_to_fine, minimize
from nst.network import MEAN_ACTIVATION, WEIGHTS_SHA256
from nst.notebooks import functions_from
from nst.paths import IMAGES, OUTPUT, ROOT, WEIGHTS
from nst.pictures import positive, read_image, save_image, to_uint8
from nst.recipe import Costs, course_costs, finished, paint, palette_cost, problem
from nst.slider import show_slider
from nst.spectrum import enlarge
from nst.strength import detail_map
from nst.training import Run, device, load_image, set_seed, train
from nst.vgg import (
    GPUS,
    feature_model,
    layers_checked,
    load_vgg19,
    preprocess,
    with_average_pooling,
)

# A learner's older copy of a notebook imports from modules that have moved: all that it wants is here.
for _moved in ("engine", "minimize", "experiments", "jobs", "notebooks", "pictures"):
    sys.modules[f"nst_{_moved}"] = sys.modules[__name__]
