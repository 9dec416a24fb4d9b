// The page's first script notes what it finds.
var firstScript = { api: typeof api, state: document.readyState };
