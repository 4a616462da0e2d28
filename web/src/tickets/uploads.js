// Files that go with a step: dropped, pasted or chosen; each is sent at once, and belongs to the ticket when the step is made.
import { html, nothing } from "lit-html";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";

/** What the server takes; it looks for itself, this only spares people the wait. */
const LARGEST = 20 * 1024 * 1024;
const MOST = 20;
/** Offered by the dialog that chooses files. */
const ACCEPT = ".pdf,.jpg,.jpeg,.png,.gif,.webp,.docx,.xlsx,.txt,.mp3,.wav,.m4a";

/** @typedef {{id?: number, name: string, bytes: number, sent: number, fault?: string, stop?: () => void}} Upload */

/** 1.2 MB @param {number} bytes */
export function sizeOf(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${Math.ceil(bytes / 1024)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1).replace(/\.0$/, "")} MB`;
}

export class Uploads {
  /** @type {Upload[]} */
  #uploads = [];
  #over = false;

  /** @param {{id: string, draw: () => void, changed: () => void}} about */
  constructor(about) {
    this.about = about;
  }

  /** Ids of what the server has. */
  get ids() {
    return this.#uploads.flatMap(({ id }) => (id === undefined ? [] : [id]));
  }

  /** What is kept of them in a draft. */
  get kept() {
    return this.#uploads.flatMap(({ id, name, bytes }) => (id === undefined ? [] : [{ id, name, bytes }]));
  }

  /** @param {{id: number, name: string, bytes: number}[]} files as `kept` told them */
  restore(files) {
    this.#uploads = files.map(({ id, name, bytes }) => ({ id, name, bytes, sent: bytes }));
  }

  get busy() {
    return this.#uploads.some(({ id, fault }) => id === undefined && !fault);
  }

  /** @param {Iterable<File>} files */
  add(files) {
    for (const file of files) {
      /** @type {Upload} */
      const upload = { name: file.name, bytes: file.size, sent: 0 };
      if (this.#uploads.filter(({ fault }) => !fault).length >= MOST) upload.fault = t("At most {count} files go with one request.", { count: MOST });
      else if (file.size > LARGEST) upload.fault = t("Larger than {size}.", { size: sizeOf(LARGEST) });
      else if (!file.size) upload.fault = t("There is nothing in this file.");
      this.#uploads.push(upload);
      if (!upload.fault) this.#send(upload, file);
    }
    this.about.draw();
  }

  /** Progress is told by XMLHttpRequest alone. @param {Upload} upload @param {File} file */
  #send(upload, file) {
    const sending = new XMLHttpRequest();
    sending.open("POST", `/api/v1/attachments?name=${encodeURIComponent(file.name)}`);
    sending.setRequestHeader("Content-Type", "application/octet-stream");
    sending.responseType = "json";
    sending.upload.onprogress = ({ loaded }) => {
      upload.sent = loaded;
      this.about.draw();
    };
    sending.onload = () => {
      const answer = sending.response;
      if (sending.status < 300 && typeof answer?.id === "number") {
        upload.id = answer.id;
        upload.name = answer.name ?? upload.name;
        this.about.changed();
      } else {
        upload.fault = [answer?.error ?? t("The server answered {status}.", { status: sending.status }), ...Object.values(answer?.fields ?? {})].join(" ");
      }
      this.about.draw();
    };
    sending.onerror = () => {
      upload.fault = t("The server cannot be reached. Please try again.");
      this.about.draw();
    };
    upload.stop = () => sending.abort();
    sending.send(file);
  }

  /** @param {Upload} upload */
  #drop(upload) {
    if (upload.id === undefined && !upload.fault) upload.stop?.();
    this.#uploads = this.#uploads.filter((one) => one !== upload);
    this.about.changed();
    this.about.draw();
    document.getElementById(this.about.id)?.focus();
  }

  /** To be put on the form: a file dropped or pasted anywhere in it is added. @param {DragEvent | ClipboardEvent} event */
  taken = (event) => {
    const files = (event instanceof DragEvent ? event.dataTransfer : event.clipboardData)?.files;
    this.#over = false;
    if (!files?.length) return;
    event.preventDefault();
    this.add(files);
  };

  /** @param {DragEvent} event */
  over = (event) => {
    if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
    event.preventDefault();
    if (this.#over) return;
    this.#over = true;
    this.about.draw();
  };

  left = () => {
    if (!this.#over) return;
    this.#over = false;
    this.about.draw();
  };

  /** @param {string | undefined} fault @param {boolean} [required] */
  view(fault, required = false) {
    const { id } = this.about;
    return html`<div class="field uploads" data-over=${String(this.#over)}>
      <div class="uploads-add"><input id=${id} class="sr-only" type="file" multiple accept=${ACCEPT} aria-describedby="${id}-hint ${id}-fault"
          aria-invalid=${String(Boolean(fault))} @change=${(/** @type {Event} */ event) => {
            const input = /** @type {HTMLInputElement} */ (event.target);
            this.add(input.files ?? []);
            input.value = "";
          }}>
        <label class="button small" for=${id}>${icon("clip")}<span>${t("Add files")}${required ? html` <b class="needed" aria-hidden="true">*</b>` : nothing}</span></label>
        <small class="hint" id="${id}-hint">${t("Drop or paste them here as well; up to {size} each.", { size: sizeOf(LARGEST) })}</small></div>
      ${this.#uploads.length ? html`<ul aria-live="polite">${this.#uploads.map((upload) => this.#line(upload))}</ul>` : nothing}
      <small class="fault" id="${id}-fault">${fault ?? ""}</small>
    </div>`;
  }

  /** @param {Upload} upload */
  #line(upload) {
    const { name, bytes, sent, fault } = upload;
    const done = upload.id !== undefined;
    return html`<li data-state=${fault ? "refused" : done ? "there" : "sending"}>
      <span class="upload-name">${name}</span><small class="hint">${sizeOf(bytes)}</small>
      ${fault
        ? html`<small class="fault">${fault}</small>`
        : done ? html`<span class="upload-there">${icon("met")}<span class="sr-only">${t("The server has it.")}</span></span>`
          : html`<progress max=${bytes} .value=${sent} aria-label=${t("Sending {name}", { name })}></progress>`}
      <button type="button" class="upload-drop" aria-label=${t("Take away {name}", { name })} @click=${() => this.#drop(upload)}>×</button></li>`;
  }
}
