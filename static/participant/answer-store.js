// Where answers wait until the server has them: in IndexedDB, else in localStorage, else as long as the page lives.
//
// One answer a slot, the newest; a tab with an older one changes nothing.

const STORE = "answers";
const OPEN_TIMEOUT_MS = 2000;

/** Return the best place that this browser lets us keep the answers of `session` in: {kind, all, keep, forget}. */
export async function openStore(session) {
  for (const open of [database, storage]) {
    try {
      return await open(session);
    } catch {
      continue; // forbidden, full or broken: the next one
    }
  }
  return { kind: "page", all: async () => [], keep: async () => {}, forget: async () => {} };
}

async function database(session) {
  const opening = indexedDB.open("hearback", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: ["session", "slot"] });
  const opened = await within(OPEN_TIMEOUT_MS, result(opening));
  const store = (mode) => opened.transaction(STORE, mode).objectStore(STORE);
  const range = IDBKeyRange.bound([session], [session, []]);
  const change = async (slot, act) => {
    const answers = store("readwrite");
    const request = act(answers, await result(answers.get([session, slot])));
    if (request) await result(request);
  };
  return {
    kind: "database",
    all: () => result(store("readonly").getAll(range)),
    keep: (answer) =>
      change(answer.slot, (answers, kept) => (kept?.order ?? -1) < answer.order && answers.put({ ...answer, session })),
    forget: ({ slot, key }) => change(slot, (answers, kept) => kept?.key === key && answers.delete([session, slot])),
  };
}

async function storage(session) {
  const { localStorage } = globalThis;
  const name = (slot) => `hearback ${session} ${slot}`;
  const kept = (slot) => JSON.parse(localStorage.getItem(name(slot)) ?? "null");
  localStorage.setItem(name(""), "{}"); // throws where it is forbidden
  localStorage.removeItem(name(""));
  return {
    kind: "storage",
    all: async () => {
      const names = Object.keys(localStorage).filter((each) => each.startsWith(name("")));
      return names.map((each) => JSON.parse(localStorage.getItem(each)));
    },
    keep: async (answer) => {
      if ((kept(answer.slot)?.order ?? -1) < answer.order) localStorage.setItem(name(answer.slot), JSON.stringify(answer));
    },
    forget: async ({ slot, key }) => {
      if (kept(slot)?.key === key) localStorage.removeItem(name(slot));
    },
  };
}

function result(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = request.onblocked = () => reject(request.error ?? new Error("the database is blocked"));
  });
}

/** Some browsers never answer when a database is broken. */
function within(milliseconds, promise) {
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error("no answer")), milliseconds));
  return Promise.race([promise, late]);
}
