// The page's beginning: every part listens at the document, so that what is drawn later works as what was there.

import { listenBeside } from "./beside.js";
import { listenComposers } from "./composer.js";
import { listenBlocks } from "./blocks.js";
import { listenInspector } from "./inspector.js";
import { follow, toBottom } from "./live.js";
import { listenMenus } from "./menus.js";
import { listenMessages } from "./messages.js";
import { listenModals, showModals } from "./modals.js";
import { ask } from "./ask.js";
import { drawCombos } from "./combo.js";

listenBlocks();
listenMenus();
listenMessages();
listenModals();
listenComposers();
listenBeside();
listenInspector();

drawCombos(document);
showModals();
toBottom();
follow(document.body.dataset.ticket);
if (document.body.dataset.place === "home") ask("home", {});
