// Where messages and commands are written: completion of commands, Enter to send, Shift+Enter for a new line.

import { ask } from "./ask.js";
import { Offers } from "./offers.js";

export function listenComposers() {
  for (const form of document.querySelectorAll("[data-composer]")) begin(form);
}

function begin(form) {
  const field = form.querySelector("textarea");
  const offers = new Offers(field, form.querySelector(".offers"), completions, ({ text }) => {
    field.value = text;
    field.focus();
    offers.renew();
    grow(field);
  });
  field.addEventListener("input", () => {
    grow(field);
    offers.renew();
  });
  field.addEventListener("keydown", (event) => {
    if (offers.key(event) || event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form, field, offers);
  });
}

async function completions(text) {
  const said = text.startsWith("/") ? await ask("complete", { text }, { quiet: true }) : {};
  return { items: said.offers };
}

/** The line goes at once; it comes back when it could not be sent. */
async function send(form, field, offers) {
  const text = field.value;
  field.value = "";
  offers.close();
  grow(field);
  const said = await ask("send", { text, thread: form.dataset.thread });
  if (said.error && !field.value) field.value = text;
}

function grow(field) {
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight + 2, 200)}px`;
}
