// Buttons, menus and fields in messages, forms and the Home: what is pressed or chosen goes to casebot, whatever it is called.

import { ask, busy } from "./ask.js";
import { read, valuesAround, whereOf } from "./widgets.js";

export function listenBlocks() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest(".button[data-widget=button]");
    const option = event.target.closest("[data-widget=overflow] [data-option]");
    if (button) press(button);
    if (option) choose(option);
  });
  document.addEventListener("change", (event) => {
    const widget = event.target.closest("[data-widget]");
    if (widget && !widget.classList.contains("combo")) changed(widget);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target.dataset?.sends !== "enter" || event.target.tagName === "TEXTAREA") return;
    event.preventDefault();
    send(event.target, event.target, read(event.target));
  });
}

async function press(button) {
  if (await confirmed(button)) send(button, button);
}

async function choose(item) {
  const menu = item.closest("[data-widget]");
  menu.hidePopover();
  if (await confirmed(menu.closest(".overflow"))) send(menu, menu.previousElementSibling, JSON.parse(item.dataset.option));
}

/** Something was put into a field: casebot hears of it now or when the form is sent, as the block says. */
export function changed(widget) {
  if (widget.dataset.sends === "change") send(widget, widget, read(widget));
  else ask("fill", { ...whereOf(widget), values: valuesAround(widget) }, { quiet: true });
}

function send(widget, shown, option = null) {
  const { block, action } = widget.dataset;
  const values = valuesAround(widget);
  return busy(shown, () => ask("click", { ...whereOf(widget), block, action, option, values }));
}

/** Asks what the element's confirm dialog asks, where it has one. */
function confirmed(element) {
  const dialog = element.nextElementSibling;
  if (!dialog?.matches("dialog.confirm")) return true;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((tell) => dialog.addEventListener("close", () => tell(dialog.returnValue === "yes"), { once: true }));
}
