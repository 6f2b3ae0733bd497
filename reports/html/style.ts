/**
 * The style sheet of the report. Every colour is a custom property, set once for light and once for
 * dark; charts refer to the same properties. Arm colours keep apart for all common colour blindness,
 * and no meaning rests on colour alone.
 */
import { FONT } from './charts/theme.ts';

const LIGHT = `
--paper:#fff; --ink:#1a1d21; --muted:#57606a; --rule:#d4d9df; --grid:#eceff2; --panel:#f5f6f8;
--link:#0a58a8; --focus:#0a58a8; --band:#e7eaee; --doubt:#f3f1ea; --control:#4b535c;
--arm-1:#1668b3; --arm-2:#c2520a; --arm-3:#7a4fb8; --arm-4:#00806f; --arm-5:#b83280; --arm-6:#7d6a00;
--floor:#7b838d;
--better:#00786b; --worse:#b4234a; --real:#1a1d21; --same:#57606a; --unclear:#7b838d;
--good-bg:#dff3ec; --good-ink:#00584e; --doubt-bg:#fdf0d2; --doubt-ink:#6d4a00; --bad-bg:#fbe1e6; --bad-ink:#8c1231;`;

const DARK = `
--paper:#14171a; --ink:#e8eaed; --muted:#a2abb5; --rule:#3a4149; --grid:#262b31; --panel:#1c2025;
--link:#7db8f5; --focus:#7db8f5; --band:#262b32; --doubt:#24231d; --control:#b9c1ca;
--arm-1:#63aef2; --arm-2:#f0944d; --arm-3:#b99af0; --arm-4:#3fc2ae; --arm-5:#f08cc4; --arm-6:#d1bd45;
--floor:#8d97a2;
--better:#43cbb8; --worse:#ff7f9c; --real:#e8eaed; --same:#a2abb5; --unclear:#8d97a2;
--good-bg:#0f3b34; --good-ink:#a5ecdd; --doubt-bg:#43340d; --doubt-ink:#f7dc9a; --bad-bg:#4d1624; --bad-ink:#ffc2cf;`;

export const style = `
:root{color-scheme:light dark;${LIGHT}}
@media (prefers-color-scheme:dark){:root{${DARK}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 ${FONT};font-variant-numeric:tabular-nums}
main,header,footer,nav{max-width:62rem;margin:0 auto;padding:0 1.25rem}
h1,h2,h3,h4{line-height:1.25;text-wrap:balance}
h1{font-size:clamp(1.5rem,1.1rem + 1.8vw,2.15rem);margin:.2rem 0 .6rem;letter-spacing:-.012em}
h1.long{font-size:clamp(1.15rem,1rem + .7vw,1.45rem);line-height:1.4;letter-spacing:0;text-wrap:pretty}
h2{font-size:1.35rem;margin:0 0 .5rem}
h3{font-size:1.1rem;margin:0 0 .35rem}
h4{font-size:.85rem;font-weight:600;color:var(--muted);margin:.9rem 0 .1rem}
p{margin:.4rem 0;max-width:46rem}
a{color:var(--link)}
small{font-size:.84em;color:var(--muted)}
code,pre{font:.86rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
pre{background:var(--panel);padding:.7rem .9rem;overflow-x:auto;border-radius:4px}
pre code{user-select:all}
section{padding:2.4rem 0 0}
section>h2{border-top:1px solid var(--rule);padding-top:1.4rem}
#verdict{padding-top:.6rem}
:focus-visible{outline:2px solid var(--focus);outline-offset:2px;border-radius:2px}
.skip{position:absolute;left:.5rem;top:-4rem;background:var(--paper);padding:.5rem .9rem;border:1px solid var(--rule);z-index:2}
.skip:focus{top:.5rem}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
header{padding-top:1.5rem;display:flex;flex-wrap:wrap;justify-content:space-between;gap:.2rem 1.5rem;color:var(--muted);font-size:.88rem}
footer{color:var(--muted);font-size:.88rem;padding-top:3rem;padding-bottom:3rem}
#main nav{padding:0}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.15rem 1.15rem;padding:.7rem 0;margin:1.8rem 0 0;border-top:1px solid var(--rule);border-bottom:1px solid var(--rule);font-size:.9rem}
nav a{text-decoration:none}
nav a:hover{text-decoration:underline}

.question{color:var(--muted);margin:1rem 0 0}
.rest{font-size:1.05rem;margin:.15rem 0}
.findings{margin:1.6rem 0 0}
details.findings+details.findings{margin:.3rem 0 0}
.findings h2,.warnings h2{font-size:1rem;margin:0 0 .3rem}
.findings ul,.warnings ul{margin:0;padding:0;list-style:none;max-width:54rem}
.findings li{display:grid;grid-template-columns:8.6rem 1fr;gap:0 .8rem;padding:.3rem 0}
.warnings{margin:1.6rem 0 0;border-left:3px solid var(--doubt-ink);padding-left:1rem}
.warnings li{padding:.18rem 0}
.hint{color:var(--muted)}
.alarm{background:var(--bad-bg);color:var(--bad-ink);padding:.8rem 1rem;border-radius:4px;font-size:1.05rem;max-width:none}
.facts{margin:1.6rem 0 0;max-width:54rem}
.facts div{display:grid;grid-template-columns:8.6rem 1fr;gap:0 .8rem;padding:.28rem 0}
dt{color:var(--muted)}
dd{margin:0}
.badge{display:inline-block;font-size:.78rem;font-weight:700;letter-spacing:.05em;padding:.08rem .5rem;border-radius:3px}
.badge.valid{background:var(--good-bg);color:var(--good-ink)}
.badge.suspect,strong.suspect{background:var(--doubt-bg);color:var(--doubt-ink)}
.badge.invalid,strong.invalid,strong.alert{background:var(--bad-bg);color:var(--bad-ink)}
strong.suspect,strong.invalid,strong.alert,strong.not-measured{padding:0 .35rem;border-radius:3px}
strong.not-measured{background:var(--panel);color:var(--muted)}

.tag{display:inline-block;white-space:nowrap}
.swatch{width:.7em;height:.7em;margin-right:.4em;fill:currentColor;stroke:currentColor;stroke-width:1;overflow:visible}
.swatch.hollow{fill:none;stroke-width:1.6}
${[1, 2, 3, 4, 5, 6].map((n) => `.arm-${n} .swatch{color:var(--arm-${n})}`).join('')}
.floor .swatch{color:var(--floor)}
.verdict-better .swatch{color:var(--better)}.verdict-worse .swatch{color:var(--worse)}
.verdict-small-but-real .swatch{color:var(--real)}.verdict-same .swatch{color:var(--same)}
.verdict-unclear .swatch,.verdict-not-comparable .swatch{color:var(--unclear)}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.1rem 1.3rem;margin:.5rem 0;padding:0;font-size:.92rem}
.key{display:inline-block;width:1.7rem;height:0;border-top:3px solid var(--ink);vertical-align:.28em;margin-right:.45em}
.key.line-sent{border-top:2px dashed var(--ink)}
.key.line-round{border-top-width:1px;opacity:.6}
.key.line-pair{border-top:0;border-left:1px solid var(--muted);width:1px;height:1.1em;vertical-align:-.15em}

figure{margin:2.2rem 0 0;min-width:0}
figcaption p{margin:0 0 .3rem}
.chart{width:100%;min-height:3rem}
.chart svg{display:block;max-width:100%}
.panels.grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr));gap:.4rem 1.6rem}
.panel{min-width:0}
.note{font-size:.9rem;color:var(--muted)}
.intro{margin-bottom:.6rem}
details.data{margin-top:.4rem;font-size:.92rem}
summary{cursor:pointer;color:var(--link);width:fit-content;padding:.2rem 0}
.block{margin-top:2.4rem}
details.point{border-top:1px solid var(--rule);margin-top:1.6rem;padding-top:.6rem}
details.point>summary{font-size:1.15rem;font-weight:600}
details.pair{margin:.5rem 0}
details.pair>summary{font-weight:600}

.scroll{overflow-x:auto;margin:.5rem 0 1rem;background:linear-gradient(to left,var(--paper) 40%,transparent) right/2.4rem 100% no-repeat local,linear-gradient(to left,var(--rule),transparent) right/.9rem 100% no-repeat scroll}
table{border-collapse:collapse;font-size:.9rem;min-width:100%}
th,td{padding:.34rem .9rem .34rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--grid)}
th:last-child,td:last-child{padding-right:0}
thead .figures{white-space:normal;min-width:4.4rem}
thead th{font-weight:600;color:var(--muted);border-bottom-color:var(--rule);vertical-align:bottom}
tbody th{font-weight:400;position:sticky;left:0;background:var(--paper)}
tbody th.words{min-width:8.5rem}
td.words{min-width:5rem}
td.words small{display:block;min-width:12rem}
.figures{text-align:right;white-space:nowrap}
.columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr));gap:0 2.5rem}
section h3{margin-top:1.6rem}
figcaption h3{margin-top:0}
.button{display:inline-block;border:1px solid var(--link);border-radius:4px;padding:.4rem .9rem;text-decoration:none}
.button:hover{background:var(--panel)}

#vg-tooltip-element{position:fixed;visibility:hidden;z-index:3;pointer-events:none;background:var(--paper);color:var(--ink);border:1px solid var(--rule);border-radius:4px;box-shadow:0 2px 10px rgb(0 0 0/.18);padding:.4rem .6rem;font-size:.82rem;max-width:20rem}
#vg-tooltip-element.visible{visibility:visible}
#vg-tooltip-element table{min-width:0;font-size:inherit}
#vg-tooltip-element td{border:0;padding:.05rem .6rem .05rem 0}
#vg-tooltip-element td.key{display:table-cell;width:auto;height:auto;border:0;color:var(--muted)}

@media (max-width:34rem){
.findings li,.facts div{grid-template-columns:1fr;gap:0}
.facts div{padding:.4rem 0}
section{padding-top:1.8rem}
}
@media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
@media print{
:root{${LIGHT}}
nav,.skip,.button,details.data{display:none}
main,header,footer{max-width:none;padding:0}
figure,tr,.findings li{break-inside:avoid}
h2,h3{break-after:avoid}
pre{white-space:pre-wrap}
.scroll{overflow:visible}
.chart svg{height:auto}
}
`;
