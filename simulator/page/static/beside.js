// What stands beside the conversation: FuseDesk's cases, the switches of the weather, the tour.

import { ask, busy, look, lookWith } from "./ask.js";
import { remember } from "./widgets.js";

let offset = 0;

export function listenBeside() {
  document.addEventListener("click", (event) => {
    const at = (selector) => event.target.closest(selector);
    if (at("[data-tour]")) tour(at("[data-tour]"));
    if (at("[data-bot]")) busy(at("[data-bot]"), () => ask("bot", { order: at("[data-bot]").dataset.bot }));
    if (at("[data-offset]")) turn(Number(at("[data-offset]").dataset.offset));
    if (at("button[data-change]")) change(at("button[data-change]"));
  });
  document.addEventListener("change", ({ target }) => {
    if (target.dataset.switch) ask("weather", { switch: target.dataset.switch, on: target.checked });
    if (target.dataset.set) ask("weather", { [target.dataset.set]: target.value });
    if (target.matches("select[data-change]")) change(target);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("input[data-change]")) change(event.target);
  });
  document.querySelector("[data-search]")?.addEventListener("input", () => turn(0));
  document.querySelector("[data-search]")?.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("redrawn", ({ detail }) => detail === "panel-state" && shelf());
}

async function tour(button) {
  const said = await busy(button, () => ask("tour", { step: button.dataset.tour }));
  if (said && !said.error && look.searchParams.get("place") !== "C01SUPPORT") location.assign(lookWith({ place: "C01SUPPORT" }));
}

async function change(element) {
  const value = element.dataset.value ?? element.value;
  const given = { case: element.closest("[data-case]").dataset.case, what: element.dataset.change, value };
  const said = await ask("change", given);
  if (element.matches("input") && !said.error) element.value = "";
}

function turn(to) {
  offset = to;
  shelf();
}

/** Asks anew for what the panel shows of FuseDesk. */
async function shelf() {
  const place = document.getElementById("shelf");
  if (!place) return;
  const search = document.querySelector("[data-search]");
  const url = lookWith({ ...(search ? Object.fromEntries(new FormData(search)) : {}), offset: String(offset) });
  const answer = await fetch(`/fusedesk${url.search}`);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").body;
  const note = place.querySelector("input[data-change]")?.value ?? "";
  const restore = remember(place);
  place.replaceChildren(...fresh.childNodes);
  const field = place.querySelector("input[data-change]");
  if (field) field.value = note;
  restore(place);
}
