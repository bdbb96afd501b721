// Runs before the first paint, so that nothing flashes; a file of its own, since the page allows no inline script.
const chosen = localStorage.getItem('tagship.theme')
const dark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
document.documentElement.dataset.theme = dark ? 'dark' : 'light'
