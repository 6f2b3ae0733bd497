/** What the page of the history adds to the style sheet of the reports. */

export const historyStyle = `
main,header{max-width:76rem}
.picks{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:end;margin:.4rem 0 .8rem}
.picks label{display:grid;grid-template-columns:minmax(0,1fr);font-size:.82rem;color:var(--muted);min-width:0;max-width:100%}
.picks label:first-child{flex:1 1 min(20rem,100%)}
select,button{font:inherit;font-size:.95rem;color:var(--ink);background:var(--paper);border:1px solid var(--rule);border-radius:4px;padding:.35rem .55rem;width:100%;text-overflow:ellipsis}
button{cursor:pointer}
button:hover{background:var(--panel)}
#explain{color:var(--muted);margin:.2rem 0 .6rem}
#box{border-radius:4px;padding:.2rem 0}
#box:focus-visible{outline-offset:4px}
.chart{min-height:20rem;cursor:pointer}
.point{display:flex;flex-wrap:wrap;gap:.15rem 1.1rem;min-height:1.6rem;margin:.7rem 0 0;max-width:none;overflow-wrap:anywhere}
.point b{font-weight:600}
.keys{color:var(--muted);font-size:.84rem}
.changes{margin:.3rem 0 0;padding:0;list-style:none;max-width:56rem}
.changes li{display:grid;grid-template-columns:1.6rem 4rem 1fr;gap:0 .6rem;padding:.35rem 0;border-bottom:1px solid var(--grid);overflow-wrap:anywhere}
.changes button{width:auto;justify-self:start;align-self:start;padding:0 .45rem;font-size:.84rem}
.better{color:var(--better)}.worse{color:var(--worse)}
@media (max-width:34rem){.changes li{grid-template-columns:1.6rem 1fr}.changes li>span:last-child{grid-column:1/3}}
@media print{.picks,.keys,.changes button{display:none}}
`;
