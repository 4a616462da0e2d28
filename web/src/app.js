// One bundle for every page but the wallboard, which has its own: <html data-page> says which one this is.
import { startDesk } from "./desk/desk.js";
import { startFloor } from "./floor/floor.js";
import { startFrame } from "./frame.js";
import { startAccount } from "./account/account.js";
import { startDeskMessages } from "./desk/messages.js";
import { startPassword } from "./account/password.js";
import { startSignIn } from "./account/sign_in.js";
import { startTwoStep } from "./account/two_step.js";
import { startUsers } from "./account/users.js";
import { startRate } from "./citizen/rate.js";
import { startFollowUps } from "./follow_ups/page.js";
import { startInterchange } from "./interchange/interchange.js";
import { startKnowledge } from "./knowledge/knowledge.js";
import { startCallbacks } from "./lists/callbacks.js";
import { startCalls } from "./lists/calls.js";
import { startTickets } from "./lists/tickets.js";
import { startAgentDay } from "./reports/agent_day.js";
import { startIndicators } from "./reports/indicators.js";
import { startTimeline } from "./reports/timeline.js";
import { startAudit } from "./audit/audit.js";
import { startBans } from "./supervision/bans.js";
import { startBlockedCallers } from "./supervision/blocked_callers.js";
import { startDispatchHelp } from "./supervision/dispatch_help.js";
import { startPolicyLog } from "./supervision/policy_log.js";
import { startNotices } from "./tickets/notices.js";
import { startReference } from "./tickets/reference.js";
import { startTicket } from "./tickets/ticket.js";
import { startUnit } from "./tickets/unit.js";
import { startTestDials } from "./supervision/test_dials.js";

/** @type {Record<string, (main: HTMLElement) => void>} */
const pages = {
  floor: startFloor,
  desk: startDesk,
  calls: startCalls,
  callbacks: startCallbacks,
  indicators: startIndicators,
  timeline: startTimeline,
  agent_day: startAgentDay,
  interchange: startInterchange,
  knowledge: startKnowledge,
  follow_ups: startFollowUps,
  rate: startRate,
  tickets: startTickets,
  ticket: startTicket,
  unit: startUnit,
  reference: startReference,
  sign_in: startSignIn,
  password: startPassword,
  two_step: startTwoStep,
  account: startAccount,
  users: startUsers,
  policy_log: startPolicyLog,
  dispatch_help: startDispatchHelp,
  blocked_callers: startBlockedCallers,
  bans: startBans,
  audit: startAudit,
  test_dials: startTestDials,
};

startFrame();
startNotices();
startDeskMessages();
const main = document.getElementById("page");
if (main) pages[document.documentElement.dataset.page ?? ""]?.(main);
