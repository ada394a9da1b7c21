// Follows the server: pieces that look different now are put into their places, and what the person was at stays.

import { drawCombos } from "./combo.js";
import { showModals } from "./modals.js";
import { remember } from "./widgets.js";

const NEAR = 60; // pixels from the end at which a list is followed to its end

export function follow(ticket) {
  const events = new EventSource(`/live?ticket=${encodeURIComponent(ticket)}`);
  events.addEventListener("message", (event) => put(JSON.parse(event.data)));
  events.addEventListener("again", () => location.reload());
  addEventListener("pagehide", () => events.close());
  addEventListener("pageshow", (event) => event.persisted && location.reload());
}

export function toBottom() {
  for (const list of document.querySelectorAll(".messages")) list.scrollTop = list.scrollHeight;
}

function put({ region, keys, html }) {
  const place = document.querySelector(`[data-region="${region}"]`);
  if (!place) return;
  const follows = place.scrollHeight - place.scrollTop - place.clientHeight < NEAR;
  const there = new Map([...place.children].map((child) => [child.dataset.key, child]));
  for (const [key, child] of there) if (!keys.includes(key)) remove(child);
  let next = place.firstElementChild;
  for (const key of keys) {
    const node = key in html ? renewed(there.get(key), html[key]) : there.get(key);
    if (node === next) next = next.nextElementSibling;
    else place.insertBefore(node, next);
  }
  if (follows && place.matches(".messages")) place.scrollTop = place.scrollHeight;
  if (region === "modals") showModals();
  document.dispatchEvent(new CustomEvent("redrawn", { detail: region }));
}

function remove(child) {
  if (child instanceof HTMLDialogElement && child.open) child.close(); // so that the cursor returns to where it was
  child.remove();
}

/** The element that stood there with its new inside, or a new one. The server escaped every text in it. */
function renewed(there, html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
  if (!there) {
    drawCombos(fresh);
    return fresh;
  }
  const restore = remember(there);
  for (const { name, value } of fresh.attributes) there.setAttribute(name, value);
  there.replaceChildren(...fresh.childNodes);
  drawCombos(there);
  restore(there);
  return there;
}
