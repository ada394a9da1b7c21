// What stands in the fields of a message, a form or the Home, and how it outlives a redraw.

import { drawCombo } from "./combo.js";

const TOUCHED = new WeakSet();
const NAMES = ["id", "data-block", "data-action", "data-switch", "data-set", "data-bot", "data-tour", "data-react", "data-option",
  "popovertarget", "href", "data-filter", "data-change", "data-value", "data-close", "type"];

document.addEventListener("input", (event) => touch(event.target));
document.addEventListener("change", (event) => touch(event.target));

export function touch(element) {
  const widget = element.closest?.("[data-widget]");
  if (widget) TOUCHED.add(widget);
}

const parsed = (element) => (element?.dataset.option ? JSON.parse(element.dataset.option) : null);

/** What a widget holds: a text, an option, a list of options, or null. */
export function read(widget) {
  const kind = widget.dataset.widget;
  if (kind === "checkboxes") return [...widget.querySelectorAll("input:checked")].map(parsed);
  if (kind === "radio_buttons") return parsed(widget.querySelector("input:checked"));
  if (widget.tagName === "SELECT") return parsed(widget.selectedOptions[0]);
  if (!widget.classList.contains("combo")) return widget.value || null;
  const held = JSON.parse(widget.dataset.held);
  return "several" in widget.dataset ? held : held[0] ?? null;
}

function write(widget, from) {
  if (widget.classList.contains("combo")) {
    widget.dataset.held = from.dataset.held;
    drawCombo(widget);
  } else if (widget.classList.contains("boxes")) {
    const chosen = new Set([...from.querySelectorAll("input:checked")].map((box) => box.dataset.option));
    for (const box of widget.querySelectorAll("input")) box.checked = chosen.has(box.dataset.option);
  } else if (widget.tagName === "SELECT") {
    const option = from.selectedOptions[0]?.dataset.option;
    for (const each of widget.options) if (each.dataset.option === option) each.selected = true;
  } else {
    widget.value = from.value;
  }
}

/** Where something was done: the message or view around an element. */
export function whereOf(element) {
  const around = element.closest("[data-ts], [data-view]");
  return { ...around.dataset.view ? { view: around.dataset.view } : { channel: around.dataset.channel, ts: around.dataset.ts } };
}

const holding = (root) => [...root.querySelectorAll("[data-widget]:not(.button, .menu)")];

/** All that stands in the fields around an element. */
export function valuesAround(element) {
  const widgets = holding(element.closest("[data-ts], [data-view]"));
  return widgets.map((widget) => ({ block: widget.dataset.block, action: widget.dataset.action, value: read(widget) }));
}

const named = (widget) => JSON.stringify([widget.dataset.block, widget.dataset.action, widget.dataset.widget]);

/** Remembers what the person put in and where the cursor stood; the answer puts it into the redrawn element. */
export function remember(root) {
  const touched = new Map(holding(root).filter((one) => TOUCHED.has(one)).map((one) => [named(one), one]));
  const refocus = root.contains(document.activeElement) ? focusOf(document.activeElement) : null;
  const open = [...root.querySelectorAll("details[data-stays][open]")].map((one) => one.dataset.stays);
  return (fresh) => {
    for (const widget of holding(fresh)) {
      const before = touched.get(named(widget));
      if (before) write(widget, before), TOUCHED.add(widget);
    }
    for (const one of fresh.querySelectorAll("details[data-stays]")) one.open = open.includes(one.dataset.stays);
    if (refocus) refocus(fresh);
  };
}

function focusOf(active) {
  const selector = active.tagName + NAMES.filter((name) => active.hasAttribute(name))
    .map((name) => `[${name}="${CSS.escape(active.getAttribute(name))}"]`).join("");
  const [start, end, typed] = [active.selectionStart, active.selectionEnd, active.closest(".combo, [data-set]") ? active.value : ""];
  return (fresh) => {
    const found = fresh.querySelector(selector);
    if (!found) return;
    found.focus({ preventScroll: true });
    if (typed) {
      found.value = typed;
      found.dispatchEvent(new Event("input", { bubbles: true })); // a menu asks anew for what was being looked up
    }
    if (start !== null && start !== undefined && found.setSelectionRange) found.setSelectionRange(start, end);
  };
}
