// What a person who does not see the page, or has no mouse, would stumble over.
() => {
  const named = (one) => (one.getAttribute("aria-label") || one.innerText || one.title || [...(one.labels ?? [])].map((label) => label.innerText).join(" ")
    || (one.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)?.innerText ?? "").join(" ")).trim();
  const faults = [];
  const say = (what, one) => faults.push(`${what}: ${one.outerHTML.slice(0, 120)}`);
  for (const one of document.querySelectorAll("button, a[href], input:not([type=hidden]), select, textarea, [role=listbox], [role=dialog], [role=region], nav")) {
    if (one.checkVisibility() && !named(one)) say("no name", one);
  }
  for (const one of document.querySelectorAll("[aria-controls], [aria-describedby], [aria-labelledby], [aria-activedescendant]")) {
    for (const name of ["aria-controls", "aria-describedby", "aria-labelledby", "aria-activedescendant"]) {
      for (const id of (one.getAttribute(name) ?? "").split(" ").filter(Boolean)) if (!document.getElementById(id)) say(`${name} leads nowhere`, one);
    }
  }
  const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
  for (const id of ids.filter((one, at) => ids.indexOf(one) !== at)) faults.push(`id twice: ${id}`);
  for (const one of document.querySelectorAll("[tabindex]")) if (one.tabIndex > 0) say("own order", one);
  if (document.querySelectorAll("h1").length !== 1) faults.push("not one h1");
  return faults;
}
