(function () {
  var doc = document.documentElement, format, zone;
  try {
    format = new Intl.DateTimeFormat(doc.lang, {dateStyle: "medium", timeStyle: "short"});
    zone = new Intl.DateTimeFormat(doc.lang, {timeZoneName: "short"});
  } catch (error) { /* The times stay in UTC, as they came. */ }
  var tip = document.createElement("p");
  tip.className = "tip";
  tip.hidden = true;
  tip.setAttribute("aria-hidden", "true");
  document.body.appendChild(tip);
  function hide() { tip.hidden = true; }
  function tell(link) {
    var box = link.getBoundingClientRect(), wide = doc.clientWidth;
    tip.textContent = link.getAttribute("aria-label");
    tip.hidden = false;
    tip.style.left = Math.max(8, Math.min(wide - tip.offsetWidth - 8, box.left + (box.width - tip.offsetWidth) / 2)) + "px";
    tip.style.top = box.top + window.scrollY - tip.offsetHeight - 6 + "px";
  }
  function dress(part) {
    if (zone) part.querySelectorAll("time[data-local]").forEach(function (time) {
      var at = new Date(time.dateTime);
      var name = zone.formatToParts(at).filter(function (part) { return part.type === "timeZoneName"; })[0].value;
      time.title = time.textContent;
      time.textContent = format.format(at) + " " + name;
    });
    part.querySelectorAll(".bars svg").forEach(function (bars) {
      var links = Array.prototype.slice.call(bars.querySelectorAll("a"));
      links.forEach(function (link, at) {
        var title = link.querySelector("title");
        link.setAttribute("aria-label", title.textContent);
        title.remove();
        link.setAttribute("tabindex", at === links.length - 1 ? 0 : -1);
        link.addEventListener("focus", function () {
          links.forEach(function (other) { other.setAttribute("tabindex", other === link ? 0 : -1); });
          tell(link);
        });
        link.addEventListener("mouseenter", function () { tell(link); });
        link.addEventListener("mouseleave", hide);
        link.addEventListener("blur", hide);
        link.addEventListener("keydown", function (event) {
          var to = {ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: links.length - 1}[event.key];
          if (event.key === "Escape") hide();
          if (links[to]) { event.preventDefault(); links[to].focus(); }
        });
      });
    });
  }
  var main = document.getElementById("main"), banner = document.querySelector(".banner");
  var made = document.getElementById("made"), stale = document.getElementById("stale"), shown = written(main);
  function written(main) {
    return sections(main).map(function (section) { return section.outerHTML; }).join("");
  }
  function sections(main) { return Array.prototype.slice.call(main.querySelectorAll("section")); }
  function look() {
    if (stale.hidden && Date.now() - new Date(made.dateTime) > stale.dataset.after * 1000) stale.hidden = false;
  }
  function fill(old, fresh) {
    old.textContent = "";
    Array.prototype.slice.call(fresh.childNodes).forEach(function (node) { old.appendChild(node); });
  }
  function show(fresh) {
    var now = fresh.getElementById("made"), said = fresh.querySelector(".banner");
    if (!now || !said || new Date(now.dateTime) <= new Date(made.dateTime)) return;
    made.dateTime = now.dateTime;
    fill(made, now);
    fill(stale, fresh.getElementById("stale"));
    stale.hidden = true;
    dress(made.parentNode);
    dress(stale);
    document.title = fresh.title;
    document.querySelector("link[rel=icon]").href = fresh.querySelector("link[rel=icon]").getAttribute("href");
    if (said.innerHTML !== banner.innerHTML) { banner.className = said.className; fill(banner, said); }
    var text = written(fresh.getElementById("main"));
    if (text !== shown) { shown = text; replace(sections(fresh.getElementById("main"))); }
  }
  function replace(fresh) {
    var held = document.activeElement, at = held && (held.getAttribute("href") || held.textContent), open = {};
    main.querySelectorAll("details").forEach(function (group) { open[group.querySelector("h3").textContent] = group.open; });
    sections(main).forEach(function (section) { section.remove(); });
    fresh.forEach(function (section) { main.appendChild(section); dress(section); });
    main.querySelectorAll("details").forEach(function (group) {
      if (open[group.querySelector("h3").textContent]) group.open = true;
    });
    hide();
    if (!document.contains(held)) main.querySelectorAll("a, summary").forEach(function (stop) {
      if ((stop.getAttribute("href") || stop.textContent) === at) stop.focus({preventScroll: true});
    });
  }
  function renew() {
    look();
    if (document.hidden || !window.fetch || !/^http/.test(location.protocol)) return;
    fetch(location.href, {cache: "no-cache"}).then(function (answer) {
      return answer.ok ? answer.text() : Promise.reject(answer.status);
    }).then(function (text) {
      show(new DOMParser().parseFromString(text, "text/html"));
    }).catch(function () { /* What is shown stays, and says in time that it is stale. */ });
  }
  dress(document);
  if (made && stale && banner) {
    look();
    setInterval(renew, 60000);
    document.addEventListener("visibilitychange", renew);
  }
})();
