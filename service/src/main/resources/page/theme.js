// Before anything is drawn, so that no light flashes in the dark.
(() => {
  const kept = localStorage.getItem('sluice.theme');
  if (kept === 'light' || kept === 'dark') document.documentElement.dataset.theme = kept;
})();
