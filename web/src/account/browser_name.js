// What a browser calls itself, in words that its owner knows it by.
import { t } from "../core/i18n.js";

/** Those that call themselves by another's name too come first. @type {[RegExp, string][]} */
const BROWSERS = [
  [/\bEdg(?:e|A|iOS)?\/(\d+)/, "Edge"],
  [/\bQQBrowser\/(\d+)/, "QQ"],
  [/\b(?:360SE|QIHU)\b()/, "360"],
  [/\bFirefox\/(\d+)/, "Firefox"],
  [/\b(?:HeadlessChrome|Chrome|CriOS)\/(\d+)/, "Chrome"],
  [/\bVersion\/(\d+)[^ ]* (?:Mobile\/\w+ )?Safari/, "Safari"],
];
/** @type {[RegExp, string][]} */
const SYSTEMS = [
  [/Windows/, "Windows"],
  [/HarmonyOS/, "HarmonyOS"],
  [/Android/, "Android"],
  [/iPhone|iPad/, "iOS"],
  [/Mac OS X/, "macOS"],
  [/Linux/, "Linux"],
];

/** @param {string} agent the User-Agent header */
export function browserName(agent) {
  const [pattern, name] = BROWSERS.find(([one]) => one.test(agent)) ?? [null, ""];
  const system = SYSTEMS.find(([one]) => one.test(agent))?.[1];
  const version = pattern?.exec(agent)?.[1];
  return [name ? `${name}${version ? ` ${version}` : ""}` : t("Another program"), system].filter(Boolean).join(" · ");
}
