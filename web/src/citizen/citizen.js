// The citizens' two pages, apart from the staff's bundle: <html data-page> says which one this is.
import { startFiling } from "./filing.js";
import { startTracking } from "./tracking.js";

if (document.documentElement.dataset.page === "citizen_file") startFiling();
else startTracking();
