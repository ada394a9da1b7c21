// The inspector: filters, the detail of an exchange once it is opened, and its command for a shell.

import { look } from "./ask.js";

const chosen = { wish: "", way: "" };

export function listenInspector() {
  document.addEventListener("change", ({ target }) => {
    if (!target.dataset.filter) return;
    chosen[target.dataset.filter] = target.value;
    filter();
  });
  document.addEventListener("redrawn", ({ detail }) => {
    const wishes = document.querySelector("[data-filter=wish]");
    if (detail === "wishes" && wishes) wishes.value = chosen.wish;
    if (detail === "inspector") filter();
  });
  document.addEventListener("toggle", ({ target }) => {
    if (target.matches?.("details[data-exchange]") && target.open) detail(target);
  }, true);
  document.addEventListener("click", ({ target }) => target.closest("[data-copy]") && copy(target.closest("[data-copy]")));
}

function filter() {
  for (const row of document.querySelectorAll(".exchange")) {
    const fits = Object.entries(chosen).every(([name, value]) => !value || row.dataset[name] === value);
    row.hidden = !fits;
  }
}

async function detail(row) {
  const answer = await fetch(`/exchange/${row.dataset.exchange}${look.search}`);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").body;
  row.querySelector(".detail").replaceChildren(...fresh.childNodes);
}

async function copy(button) {
  const command = button.closest(".detail").querySelector(".curl").textContent;
  await navigator.clipboard.writeText(command);
  button.textContent = "Copied";
}
