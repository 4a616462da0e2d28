// The wallboard's own small bundle: a screen on a wall needs none of the other pages, and is read from across the room the
// sooner.
import { startWallboard } from "./wallboard.js";

const main = document.getElementById("page");
if (main) startWallboard(main);
