// Saves a choice on the banner without leaving the page, so that a half-filled form stays, and removes what scripts of refused
// services left in storage. Without it the banner is a form like any other.
(() => {
  "use strict";
  const { forget, saved } = document.currentScript.dataset;

  if (forget) {
    const wanted = JSON.parse(forget);
    const fits = (name, patterns = []) =>
      patterns.some((pattern) => new RegExp(`^${pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&")).join(".*")}$`).test(name));
    for (const [kind, store] of [["local_storage", "localStorage"], ["session_storage", "sessionStorage"]]) {
      if (wanted[kind]) for (const name of Object.keys(window[store])) if (fits(name, wanted[kind])) window[store].removeItem(name);
    }
    if (wanted.indexed_db && indexedDB.databases) {
      indexedDB.databases().then((all) => all.forEach(({ name }) => fits(name, wanted.indexed_db) && indexedDB.deleteDatabase(name)));
    }
  }

  const banner = document.getElementById("cookie-banner");
  if (!banner) return;
  banner.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    const choice = event.submitter.value;
    const data = new FormData(form);
    data.set("choice", choice);
    let answer;
    try {
      answer = await fetch(form.action, { method: "POST", body: data, headers: { "X-Requested-With": "cookies" }, credentials: "same-origin" });
    } catch {
      answer = {};
    }
    if (answer.status !== 204) {
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "choice", value: choice }));
      form.submit();
      return;
    }
    // What was accepted may be shown on this page, so it is loaded anew.
    if (document.querySelector(".widget")) window.location.reload();
    const note = Object.assign(document.createElement("p"), { className: "cookie-banner__inner", textContent: saved, tabIndex: -1 });
    note.id = banner.getAttribute("aria-labelledby");
    banner.replaceChildren(note);
    note.focus({ preventScroll: true });
    window.setTimeout(() => banner.remove(), 8000);
  });
})();
