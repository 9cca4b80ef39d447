/** The style sheet of the page: no font, picture or other file belongs to it. Colours follow the reader's light or dark scheme. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --panel: #f3f5f8; --line: #c3cad4; --text: #16202c; --quiet: #475464; --link: #0b4fa8;
  --good: #0d6337; --bad: #a3171b; --unsure: #7a4b00;
  --Lifetime: #a3171b; --ClientSecret: #0b62b8; --Registration: #7a3fa8; --FormerClient: #6b7280;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12171d; --panel: #1c232b; --line: #46515e; --text: #e8edf2; --quiet: #b0bac6; --link: #8ec2ff;
    --good: #77d69b; --bad: #ff9d98; --unsure: #f2c066;
    --Lifetime: #ff8f89; --ClientSecret: #6db3f8; --Registration: #cda2f0; --FormerClient: #9aa4b1;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 100rem; padding: 0 1rem 2rem; background: var(--page); color: var(--text);
  font: 15px/1.45 system-ui, sans-serif; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: .5rem; background: var(--page); padding: .3rem .6rem; }
header { display: flex; flex-wrap: wrap; gap: .3rem 1.5rem; align-items: baseline; padding: 1rem 0 .5rem;
  border-bottom: 1px solid var(--line); }
h1 { font-size: 1.3rem; margin: 0; }
h2 { font-size: 1.1rem; margin: 1.5rem 0 .5rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .3rem 1rem; list-style: none; margin: 0; padding: 0; }
nav [aria-current] { font-weight: 700; color: var(--text); text-decoration: none; }
.quiet { color: var(--quiet); }
.note { border-left: 4px solid var(--unsure); background: var(--panel); padding: .4rem .8rem; margin: .8rem 0; }
.note ul { margin: .2rem 0; padding-left: 1.2rem; }
.counts { display: flex; flex-wrap: wrap; gap: .5rem; list-style: none; margin: 1rem 0; padding: 0; }
.brand { margin: 0; font-weight: 600; }
.counts a { display: block; min-width: 6.5rem; padding: .4rem .7rem; background: var(--panel);
  border: 1px solid var(--line); border-radius: 6px; text-decoration: none; color: var(--text); }
.counts strong { display: block; font-size: 1.35rem; line-height: 1.2; }
form { display: flex; flex-wrap: wrap; gap: .5rem .8rem; align-items: end; padding: .8rem; background: var(--panel);
  border: 1px solid var(--line); border-radius: 6px; }
label { display: flex; flex-direction: column; font-size: .85rem; color: var(--quiet); }
input, select, button { font: inherit; color: var(--text); background: var(--page); border: 1px solid var(--quiet);
  border-radius: 4px; padding: .25rem .4rem; }
input { width: 11rem; } button { cursor: pointer; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; }
caption { text-align: left; color: var(--quiet); padding: .3rem 0; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid var(--line); }
thead th { white-space: nowrap; background: var(--panel); } td.number { text-align: right; }
tbody th { font-weight: 600; }
td, tbody th { max-width: 24rem; overflow-wrap: break-word; } dd { overflow-wrap: anywhere; } td.words { min-width: 16rem; } td.short { white-space: nowrap; }
.True { color: var(--good); } .False { color: var(--bad); font-weight: 600; } .Unknown { color: var(--unsure); font-weight: 600; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.2rem; margin: .5rem 0; }
dt { color: var(--quiet); } dd { margin: 0; }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: 4px; padding: .5rem .7rem; white-space: pre-wrap;
  overflow-wrap: anywhere; }
figure { margin: 1rem 0; } figure > svg { width: 100%; max-width: 60rem; height: auto; }
figcaption { color: var(--quiet); } .key { white-space: nowrap; margin-left: .8rem; }
svg text { fill: var(--quiet); font-size: 11px; } svg .axis { stroke: var(--line); }
.bar-Lifetime { fill: var(--Lifetime); } .bar-ClientSecret { fill: var(--ClientSecret); }
.bar-Registration { fill: var(--Registration); } .bar-FormerClient { fill: var(--FormerClient); }
`.trim();
