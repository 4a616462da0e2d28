// What whoever is signed in may do, as the server wrote it into the page. The server asks again at every deed.
const rights = new Set((document.documentElement.dataset.rights ?? "").split(" "));

/** @param {string} right as in callcenter/panel/rights.py */
export const may = (right) => rights.has(right);
