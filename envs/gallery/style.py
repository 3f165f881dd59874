"""How the gallery looks, by day and by night, on wide screens and narrow ones."""

from __future__ import annotations

STYLE = """
:root{--paper:#f6f5f2;--card:#fff;--ink:#1b2230;--soft:#667085;--line:#e4e2dc;--mark:#c2552d;
--code:#f1efea;color-scheme:light dark}
@media(prefers-color-scheme:dark){:root{--paper:#12151b;--card:#1b2029;--ink:#e8ebf0;
--soft:#98a2b3;--line:#2b313d;--mark:#ff9a62;--code:#242a35}}
*{box-sizing:border-box}
html{scroll-behavior:smooth;scroll-padding-top:1rem}
body{margin:0;background:var(--paper);color:var(--ink);display:grid;
grid-template-columns:15rem minmax(0,1fr);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
nav{position:sticky;top:0;align-self:start;height:100vh;overflow:auto;padding:1.6rem 1rem 2rem;
border-right:1px solid var(--line);font-size:.86rem;scrollbar-width:thin}
nav strong{display:block;font-size:1.1rem;letter-spacing:-.01em;margin:0 .6rem 1rem}
nav a{display:flex;justify-content:space-between;gap:.5rem;color:var(--soft);
text-decoration:none;padding:.16rem .6rem;border-radius:6px}
nav a:hover{background:var(--code);color:var(--ink)}
nav a.on{color:var(--mark);background:var(--code)}
nav a.l1{color:var(--ink);font-weight:650;margin-top:.9rem}
nav a.l2{padding-left:1.2rem}
nav a span{font-variant-numeric:tabular-nums;opacity:.55;font-weight:400}
main{padding:2.6rem clamp(1rem,3.5vw,3.5rem) 4rem;max-width:110rem}
h1{font-size:clamp(1.8rem,3.2vw,2.7rem);line-height:1.12;letter-spacing:-.025em;margin:0 0 .6rem}
h2{font-size:1.75rem;letter-spacing:-.02em;margin:4rem 0 .2rem;padding-top:1.4rem;
border-top:1px solid var(--line)}
h3{font-size:1.15rem;margin:2.4rem 0 .7rem;letter-spacing:-.01em}
h3+p{margin-top:-.5rem}
p{margin:.2rem 0 1rem;max-width:62rem;color:var(--soft)}
p.lead{font-size:1.06rem}
code{font:.8em/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--code);
border-radius:5px;padding:.12em .4em}
.stats{display:flex;flex-wrap:wrap;gap:.6rem 2.4rem;margin-top:1.4rem}
.stats div{color:var(--soft);font-size:.9rem}
.stats b{display:block;color:var(--ink);font-size:1.7rem;line-height:1.1;letter-spacing:-.02em;
font-variant-numeric:tabular-nums}
.covers{display:grid;gap:.8rem;margin-top:1.8rem;
grid-template-columns:repeat(auto-fill,minmax(min(100%,15rem),1fr))}
.covers a{position:relative;border-radius:12px;overflow:hidden;line-height:0}
.covers img{width:100%;height:auto;transition:transform .4s}
.covers a:hover img{transform:scale(1.04)}
.covers b{position:absolute;left:0;right:0;bottom:0;padding:1.6rem .9rem .7rem;color:#fff;
line-height:1.2;background:linear-gradient(transparent,rgb(0 0 0/.65))}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,19rem),1fr));
gap:1.1rem;grid-auto-flow:dense;align-items:start}
figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:12px;
overflow:hidden;box-shadow:0 1px 2px rgb(0 0 0/.05)}
figure.wide{grid-column:span 2}
@media(max-width:46rem){figure.wide{grid-column:auto}}
.media{background:linear-gradient(#dfe3e8,#c9ced6);line-height:0;min-height:1px}
.media:has(svg){background:none;padding:.6rem .6rem 0}
@media(prefers-color-scheme:dark){.media{background:linear-gradient(#2a303b,#1f242d)}}
.media img{width:100%;height:auto;display:block;cursor:zoom-in}
.grid.broad{grid-template-columns:repeat(auto-fill,minmax(min(100%,30rem),1fr))}
.grid.broad figure.wide{grid-column:auto}
.media img.coarse{image-rendering:pixelated}
.media img.exact{background:#262a32}
figcaption{padding:.65rem .85rem .8rem;font-size:.86rem;display:flex;flex-direction:column;
gap:.38rem}
figcaption small{color:var(--soft);font-size:.95em;line-height:1.4}
figcaption code{display:block;overflow-wrap:anywhere;color:var(--soft)}
.scale i{display:block;height:.5rem;border-radius:4px}
.scale div{display:flex;justify-content:space-between;font-size:.92em;color:var(--soft);
font-variant-numeric:tabular-nums}
.swatches{display:flex;flex-wrap:wrap;gap:.15rem .8rem;color:var(--soft)}
.swatches span{display:inline-flex;align-items:center;gap:.35rem}
.swatches i{width:.72rem;height:.72rem;border-radius:3px;box-shadow:inset 0 0 0 1px rgb(0 0 0/.15)}
.wheel{display:flex;align-items:center;gap:.6rem;color:var(--soft)}
.wheel img{width:2.6rem;height:2.6rem;border-radius:50%}
svg.plot{width:100%;height:auto;font:12px system-ui,sans-serif}
svg.plot text{fill:var(--soft)}
svg.plot .grid{stroke:var(--line);stroke-width:1}
.missing{color:var(--soft)}
footer{margin-top:4rem;padding-top:1rem;border-top:1px solid var(--line);color:var(--soft);
font-size:.85rem}
dialog{border:0;padding:0;background:transparent;max-width:96vw;max-height:96vh}
dialog::backdrop{background:rgb(8 10 14/.86)}
dialog img{display:block;width:min(94vw,calc(86vh*var(--ratio,1.5)));height:auto;
border-radius:8px;cursor:zoom-out}
dialog p{color:#e8ebf0;text-align:center;margin:.6rem auto 0}
@media(max-width:60rem){body{display:block}
nav{position:static;height:auto;max-height:14rem;border-right:0;
border-bottom:1px solid var(--line)}}
@media print{nav{display:none}body{display:block}}
"""

SCRIPT = """
const box=document.querySelector('dialog'),big=box.querySelector('img');
document.querySelectorAll('.media img').forEach(i=>i.onclick=()=>{big.src=i.src;
box.style.setProperty('--ratio',i.naturalWidth/i.naturalHeight);
box.querySelector('p').textContent=i.closest('figure').querySelector('b').textContent;
box.showModal()});
box.onclick=()=>box.close();
const links=new Map([...document.querySelectorAll('nav a')].map(a=>[a.hash.slice(1),a]));
const seen=new IntersectionObserver(es=>es.forEach(e=>{if(e.isIntersecting){
links.forEach(a=>a.classList.remove('on'));links.get(e.target.id).classList.add('on')}}),
{rootMargin:'0px 0px -75% 0px'});
links.forEach((a,id)=>seen.observe(document.getElementById(id)));
"""
