// The account-security page: a person sets up an authenticator with the same API that a platform calls.
// The token lives in this page's memory only; a token in the fragment of the address never reaches a server.
"use strict";

const element = (id) => document.getElementById(id);
const show = (id, visible) => { element(id).hidden = !visible; };

let token = "";
let setupId = null;

function say(text, wrong = false) {
  element("message").textContent = text;
  element("message").classList.toggle("wrong", wrong);
}

class Refusal extends Error {
  constructor(error) {
    super(`${error.message} (request ${error.request_id})`);
    this.code = error.code;
    this.details = error.details;
  }
}

async function call(method, path, body) {
  const headers = { Authorization: `Bearer ${token}` };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const content = await answer.json();
  if (!answer.ok) throw new Refusal(content.error);
  return content;
}

function showStatus(status) {
  element("state").textContent = status.state;
  element("codes-left").textContent = status.backup_codes_remaining ?? "";
  show("codes-row", status.state === "enabled");
  show("start", status.state !== "enabled");
  show("status", true);
}

async function enter() {
  const me = await call("GET", "/v1/me");
  element("user").textContent = me.user.id;
  element("organization").textContent = me.organization.name;
  showStatus(me.two_factor);
  show("sign-in", false);
}

async function startSetup() {
  const setup = await call("POST", "/v1/me/2fa/setup");
  setupId = setup.setup_id;
  element("qr").src = setup.qr_code;
  element("secret").textContent = setup.secret;
  element("backup-codes").replaceChildren(...setup.backup_codes.map((code) => {
    const item = document.createElement("li");
    item.textContent = code;
    return item;
  }));
  show("start", false);
  show("setup", true);
  element("setup").scrollIntoView();
}

async function confirmSetup() {
  const status = await call("POST", "/v1/me/2fa/verify-setup", { code: element("code").value, setup_id: setupId });
  show("setup", false);
  for (const id of ["secret", "backup-codes"]) element(id).replaceChildren();
  element("qr").removeAttribute("src");
  showStatus(status);
  say("Two-factor authentication is on.");
}

function explain(error) {
  if (error.code === "invalid_code") {
    return `That code is not right. Attempts left: ${error.details.attempts_left}.`;
  }
  return error instanceof Refusal ? error.message : "The service cannot be reached. Please try again.";
}

function on(id, event, action) {
  element(id).addEventListener(event, async (occurred) => {
    occurred.preventDefault();
    const button = occurred.submitter ?? occurred.currentTarget;
    button.disabled = true;
    say("");
    try {
      await action();
    } catch (error) {
      say(explain(error), true);
    } finally {
      button.disabled = false;
    }
  });
}

on("sign-in", "submit", () => { token = element("token").value.trim(); return enter(); });
on("start", "click", startSetup);
on("confirm", "submit", confirmSetup);
on("copy", "click", async () => {
  const codes = [...element("backup-codes").children].map((item) => item.textContent);
  await navigator.clipboard.writeText(codes.join("\n"));
  say("The codes are copied.");
});

const fragment = new URLSearchParams(location.hash.slice(1));
if (fragment.has("token")) {
  token = fragment.get("token");
  history.replaceState(null, "", location.pathname);
  enter().catch((error) => { say(explain(error), true); show("sign-in", true); });
} else {
  show("sign-in", true);
}
