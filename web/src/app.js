// One bundle for every page: <html data-page> says which one this is.
import { startDesk } from "./desk/desk.js";
import { startFrame } from "./frame.js";
import { startPassword } from "./account/password.js";
import { startSignIn } from "./account/sign_in.js";
import { startUsers } from "./account/users.js";
import { startCallbacks } from "./lists/callbacks.js";
import { startCalls } from "./lists/calls.js";
import { startTickets } from "./lists/tickets.js";
import { startBlockedCallers } from "./supervision/blocked_callers.js";
import { startPolicyLog } from "./supervision/policy_log.js";
import { startTestDials } from "./supervision/test_dials.js";
import { startWallboard } from "./wallboard/wallboard.js";

/** @type {Record<string, (main: HTMLElement) => void>} */
const pages = {
  wallboard: startWallboard,
  desk: startDesk,
  calls: startCalls,
  callbacks: startCallbacks,
  tickets: startTickets,
  sign_in: startSignIn,
  password: startPassword,
  users: startUsers,
  policy_log: startPolicyLog,
  blocked_callers: startBlockedCallers,
  test_dials: startTestDials,
};

startFrame();
const main = document.getElementById("page");
if (main) pages[document.documentElement.dataset.page ?? ""]?.(main);
