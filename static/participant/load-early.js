// The trial's sounds are under way before the page is: this module needs a few others, and not the two dozen of the page,
// which come once every worker runs, and are read while the sounds are on their way.

import { Loaders } from "./loaders.js";
import { pageData } from "./page-data.js";

export const loaders = new Loaders(pageData.loader);

loaders.begin(pageData.sounds);
loaders.running.then(() => import(pageData.page));
