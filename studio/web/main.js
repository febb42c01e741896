// The page by itself.

import { startPage } from "./page.js";
import { overSocket } from "./socket.js";

startPage(document.getElementById("studio"), overSocket(), { alone: true });
