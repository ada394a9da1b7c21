// What can be done with a message besides its own buttons: shortcuts and reactions. The global shortcuts are here, too.

import { ask, busy } from "./ask.js";
import { openerOf } from "./menus.js";
import { whereOf } from "./widgets.js";

export function listenMessages() {
  document.addEventListener("click", (event) => {
    const shortcut = event.target.closest("[data-shortcut]");
    const reaction = event.target.closest("[data-react]");
    if (shortcut) busy(openerOf(shortcut), () => ask("shortcut", { id: shortcut.dataset.shortcut, ...around(shortcut) }));
    if (reaction) ask("react", { name: reaction.dataset.react, ...around(reaction) });
  });
}

function around(element) {
  const opener = openerOf(element);
  return opener.closest("[data-ts]") ? whereOf(opener) : {};
}
