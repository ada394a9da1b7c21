// Menus that pop up beside their button: where they stand, arrows in them, and that they go once something was chosen.

const GAP = 4;
let opener = null;

/** What a menu is about: the button that opened it, which may be one of many that share it. */
export const openerOf = (element) => (element.closest(".menu[popover]") ? opener : element);

export function listenMenus() {
  document.addEventListener("click", (event) => {
    opener = event.target.closest("[popovertarget]") ?? opener;
  }, true);
  document.addEventListener("toggle", (event) => {
    if (event.target.matches?.(".menu[popover]") && event.newState === "open") stand(event.target);
  }, true);
  document.addEventListener("click", (event) => {
    const menu = event.target.closest(".menu[popover]");
    if (menu && event.target.closest("button, a")) menu.hidePopover();
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.(".menu[popover]");
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!menu || !step) return;
    const items = [...menu.querySelectorAll("button, a")];
    event.preventDefault();
    items[(items.indexOf(event.target) + step + items.length) % items.length].focus();
  });
}

function stand(menu) {
  const button = opener.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const below = button.bottom + GAP + height <= innerHeight;
  const top = below ? button.bottom + GAP : Math.max(GAP, button.top - GAP - height);
  menu.style.left = `${Math.max(GAP, Math.min(button.left, innerWidth - width - GAP))}px`;
  menu.style.top = `${top}px`;
  menu.querySelector("button, a")?.focus();
}
