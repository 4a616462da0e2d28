import { sendsJson } from "./form.js";

/** Where to go afterwards: a path of this site, never another one. */
function next() {
  const wanted = new URLSearchParams(location.search).get("next") ?? "/";
  const url = new URL(wanted, location.origin);
  return url.origin === location.origin && url.pathname !== "/sign-in" ? url.pathname + url.search : "/";
}

/** @param {HTMLElement} main */
export function startSignIn(main) {
  const form = main.querySelector("form");
  if (!form) return;
  sendsJson(form, "/api/v1/sign-in", (answer) => {
    location.assign(answer?.must_change_password ? "/password" : next());
  });
}
