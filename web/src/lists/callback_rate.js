// 漏接回拨率 at the top of its own list: the share, what it was divided from, and the way to what is missing.
import { html, nothing } from "lit-html";
import { request } from "../core/api.js";
import { serverNow } from "../core/clock.js";
import { dayOf, percent } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";

/** Its number among the twelve indicators. */
const NUMBER = 5;

export class Rate {
  /** @type {{numerator: number | null, denominator: number | null, value: number | null, target: number | null, met: boolean | null} | null} */
  #share = null;
  #day = "";

  /** Load it for `day`, or today; what cannot be loaded is left out, as the list below says why. @param {string} day */
  async load(day) {
    const wanted = day || dayOf(serverNow());
    const asked = `since=${encodeURIComponent(wanted)}&until=${encodeURIComponent(wanted)}`;
    const rows = await request("GET", `/api/v1/indicators?${asked}`).catch(() => null);
    this.#share = rows?.find?.((/** @type {{number: number}} */ row) => row.number === NUMBER) ?? null;
    this.#day = wanted;
  }

  view() {
    if (!this.#share) return nothing;
    const { value, met, target } = this.#share;
    const [numerator, denominator] = [this.#share.numerator ?? 0, this.#share.denominator ?? 0];
    const day = encodeURIComponent(this.#day);
    const tone = value === null ? "dim" : met ? "good" : "bad";
    return html`
      <section class="rate" data-tone=${tone} aria-label=${t("Missed calls called back")} data-testid="rate">
        <p><span>${t("Missed calls called back")}</span><small>${this.#day}</small></p>
        <strong>${percent(value)}</strong>
        <p class="rate-of"><a href="/callbacks?view=all&day=${day}">${numerator} / ${denominator}</a>
          <small>${value === null ? t("No missed calls") : target === null ? nothing : `${t("Target")} ${percent(target)}`}</small></p>
        <p class="rate-rest">${denominator > numerator
          ? html`<a href="/callbacks?view=open&day=${day}">${icon("warn")}${t("{count} missed calls not called back yet", { count: denominator - numerator })}</a>`
          : value === null ? nothing : html`<span>${icon("met")}${t("Every missed call has been called back")}</span>`}</p>
      </section>
    `;
  }
}
