// Menus that are searched by typing: those that ask casebot (external) and those that know their options, for one or for several.

import { ask } from "./ask.js";
import { Offers } from "./offers.js";
import { changed } from "./blocks.js";
import { touch, valuesAround, whereOf } from "./widgets.js";

const WAIT = 150; // milliseconds without a letter before casebot is asked

export function drawCombos(root) {
  for (const combo of root.querySelectorAll(".combo")) drawCombo(combo);
}

export function drawCombo(combo) {
  if (!combo.offers) begin(combo);
  const held = JSON.parse(combo.dataset.held);
  combo.querySelector(".chips").replaceChildren(...held.map((option) => chip(combo, option)));
  combo.classList.toggle("filled", held.length > 0 && !("several" in combo.dataset));
}

function begin(combo) {
  const input = combo.querySelector("input");
  combo.offers = new Offers(input, combo.querySelector(".offers"), (typed) => options(combo, typed.trim()), ({ option }) => {
    const several = "several" in combo.dataset;
    const held = several ? JSON.parse(combo.dataset.held).filter((one) => one.value !== option.value) : [];
    hold(combo, [...held, option]);
  });
  input.addEventListener("input", () => combo.offers.renew(WAIT));
  input.addEventListener("click", () => combo.offers.renew(WAIT));
  input.addEventListener("keydown", (event) => {
    if (combo.offers.key(event)) return;
    if (event.key === "Enter") event.preventDefault();
    if (event.key === "ArrowDown" && !combo.offers.isAwaited) combo.offers.renew();
    if (event.key === "Backspace" && !input.value) hold(combo, JSON.parse(combo.dataset.held).slice(0, -1));
  });
}

function hold(combo, options) {
  const before = combo.dataset.held;
  const input = combo.querySelector("input");
  input.value = "";
  combo.dataset.held = JSON.stringify(options);
  drawCombo(combo);
  input.focus();
  touch(input);
  if (combo.dataset.held !== before) changed(combo);
}

async function options(combo, typed) {
  const { least, options } = combo.dataset;
  if (typed.length < Number(least) && !options) return { nothing: `Type ${least} letters or more` };
  const found = options ? known(combo, typed) : await asked(combo, typed);
  return { items: found.map((option) => ({ label: option.text.text, option })), nothing: "No results" };
}

function known(combo, typed) {
  return JSON.parse(combo.dataset.options).filter(({ text }) => text.text.toLowerCase().includes(typed.toLowerCase()));
}

async function asked(combo, typed) {
  combo.setAttribute("aria-busy", "true");
  const { block, action } = combo.dataset;
  const said = await ask("typeahead", { ...whereOf(combo), block, action, typed, values: valuesAround(combo) }, { quiet: true });
  combo.removeAttribute("aria-busy");
  return said.options ?? [];
}

function chip(combo, option) {
  const made = document.createElement("li");
  made.append(option.text.text);
  const away = document.createElement("button");
  away.type = "button";
  away.textContent = "✕";
  away.setAttribute("aria-label", `Remove ${option.text.text}`);
  away.addEventListener("click", () =>
    hold(combo, JSON.parse(combo.dataset.held).filter((one) => one.value !== option.value)));
  made.append(away);
  return made;
}
