// Where a sign-in leads.

/** Where to go afterwards: a path of this site, never another one. */
function next() {
  const wanted = new URLSearchParams(location.search).get("next") ?? "/";
  const url = new URL(wanted, location.origin);
  return url.origin === location.origin && url.pathname !== "/sign-in" ? url.pathname + url.search : "/";
}

/** @param {{must_change_password?: boolean, must_enrol?: boolean} | null} me what the server answered */
export function placeAfter(me) {
  if (me?.must_change_password) return "/password";
  return me?.must_enrol ? "/two-step" : next();
}
