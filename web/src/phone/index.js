// The phone in one part, which only desks fetch.
export { moveLevels } from "./levels.js";
export { Phone } from "./phone.js";
export { badge, panel } from "./view.js";
