// Sends what a person does, and says where it went wrong.

const WORDS = {
  operation_timeout: "casebot did not answer within three seconds.",
  dispatch_failed: "casebot could not be reached.",
  invalid_response: "casebot’s answer is not one that Slack takes. The inspector says why.",
};

export const look = new URL(document.body.dataset.look, location.href);

export function lookWith(changes) {
  const url = new URL(look);
  for (const [name, value] of Object.entries(changes)) url.searchParams.set(name, value);
  return url;
}

/** The server's answer, {} when all is well; `quiet` where the caller shows the error itself. */
export async function ask(deed, body, { quiet = false } = {}) {
  let said;
  try {
    const answer = await fetch(`/do/${deed}${look.search}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      keepalive: true,
    });
    said = await answer.json();
  } catch {
    said = { error: "The demo does not answer. Is it still running?" };
  }
  if (said.error) said.words = WORDS[said.error] ?? said.error;
  if (said.error && said.error !== "not_sent" && !quiet) notice(said.words);
  return said;
}

/** Runs `work` while `element` shows that something is under way; a second press meanwhile does nothing. */
export async function busy(element, work) {
  if (element.getAttribute("aria-busy") === "true") return undefined;
  element.setAttribute("aria-busy", "true");
  try {
    return await work();
  } finally {
    element.removeAttribute("aria-busy");
  }
}

export function notice(words) {
  const line = document.createElement("p");
  line.textContent = words;
  const away = document.createElement("button");
  away.type = "button";
  away.textContent = "✕";
  away.setAttribute("aria-label", "Dismiss");
  away.addEventListener("click", () => line.remove());
  line.append(away);
  const notices = document.getElementById("notices");
  notices.replaceChildren(line);
  // A modal form lies above everything else, so what is said goes into it.
  (document.querySelector("dialog[open].modal") ?? document.body).append(notices);
}
