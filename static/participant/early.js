// The trial's sounds are under way before the page is: this module needs four others, and not the two dozen of the page,
// which come once every worker runs, and are read while the sounds are on their way.

import { Loaders } from "./loaders.js";
import { sheet } from "./sheet.js";

export const loaders = new Loaders(sheet.loader);

loaders.begin(sheet.sounds);
loaders.running.then(() => import(sheet.page));
