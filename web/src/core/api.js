// Questions and orders to the server, as JSON.
import { t } from "./i18n.js";
import { sessionOver } from "./session.js";

/** What the server refused, in words for the person at the screen. */
export class ApiError extends Error {
  /**
   * @param {number} status 0 when the server was not reached
   * @param {string} message
   * @param {Record<string, string>} [fields] what is wrong with each field
   */
  constructor(status, message, fields = {}) {
    super(message);
    this.status = status;
    this.fields = fields;
  }
}

/**
 * @param {"GET" | "POST" | "PUT" | "PATCH" | "DELETE"} method
 * @param {string} path
 * @param {unknown} [body]
 * @returns {Promise<any>} the answer; null when it has no body
 * @throws {ApiError}
 */
export async function request(method, path, body) {
  let response;
  try {
    response = await fetch(path, {
      method,
      // The server takes no order that is not JSON: only its own pages can send that.
      headers: method === "GET" ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? null : JSON.stringify(body),
      cache: "no-store",
    });
  } catch {
    throw new ApiError(0, t("The server cannot be reached. Please try again."));
  }
  const answer = await response.json().catch(() => null);
  if (response.ok) return answer;
  if (response.status === 401 && location.pathname !== "/sign-in" && !path.startsWith("/api/v1/sign-in")) sessionOver();
  const reason = typeof answer?.error === "string" ? answer.error : t("The server answered {status}.", { status: response.status });
  throw new ApiError(response.status, reason, answer?.fields);
}
