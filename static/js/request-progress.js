// Keeps the progress of a request fresh. Without it the page has a link that does the same.
(() => {
  "use strict";
  const part = document.querySelector("[data-refresh][id]");
  const id = part && part.id;
  const pause = (part) => Number(part.dataset.refresh) * 1000;

  const refresh = async () => {
    const shown = document.getElementById(id);
    if (document.hidden) {
      window.setTimeout(refresh, pause(shown));
      return;
    }
    try {
      const answer = await fetch(window.location.href, { credentials: "same-origin", cache: "no-store" });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById(id);
      if (!fresh || fresh.dataset.state !== shown.dataset.state || !fresh.dataset.refresh) {
        window.location.reload();
        return;
      }
      if (fresh.textContent !== shown.textContent) shown.replaceWith(document.adoptNode(fresh));
    } catch {
      // Offline: the next round tries again.
    }
    window.setTimeout(refresh, pause(document.getElementById(id)));
  };

  if (part) window.setTimeout(refresh, pause(part));
})();
