// Forms before everything else: shown when casebot opened one, sent, closed, and what Slack says when casebot fails.

import { ask, busy } from "./ask.js";
import { valuesAround, whereOf } from "./widgets.js";

export function listenModals() {
  document.addEventListener("submit", (event) => {
    const form = event.target.closest(".modal form");
    if (!form) return;
    event.preventDefault();
    if (form.dataset.submit) submit(form);
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest(".modal [data-close]")) ask("close", whereOf(event.target));
  });
  document.addEventListener("cancel", (event) => {
    if (!event.target.matches(".modal")) return;
    event.preventDefault();
    ask("close", whereOf(event.target));
  }, true);
}

async function submit(form) {
  const trouble = form.querySelector(".trouble");
  trouble.hidden = true;
  const asking = () => ask("submit", { ...whereOf(form), values: valuesAround(form) }, { quiet: true });
  const said = await busy(form.querySelector("[type=submit]"), asking);
  if (!said?.error || said.error === "not_sent") return;
  const now = form.querySelector(".trouble");
  now.textContent = `${said.words} Nothing of what you typed is lost: try again.`;
  now.hidden = false;
}

/** Opens what is there and not yet open. */
export function showModals() {
  for (const dialog of document.querySelectorAll("dialog.modal:not([open])")) {
    dialog.showModal();
    const first = ".modal-body input, .modal-body select, .modal-body textarea, .modal-body button";
    (dialog.querySelector(first) ?? dialog.querySelector("[data-close]")).focus();
  }
}
