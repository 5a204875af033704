(function () {
  var doc = document.documentElement, format;
  try {
    format = new Intl.DateTimeFormat(doc.lang, {dateStyle: "medium", timeStyle: "short"});
    var zone = new Intl.DateTimeFormat(doc.lang, {timeZoneName: "short"});
    document.querySelectorAll("time[data-local]").forEach(function (time) {
      var at = new Date(time.dateTime);
      var name = zone.formatToParts(at).filter(function (part) { return part.type === "timeZoneName"; })[0].value;
      time.title = time.textContent;
      time.textContent = format.format(at) + " " + name;
    });
  } catch (error) { /* The times stay in UTC, as they came. */ }
  var made = document.getElementById("made"), stale = document.getElementById("stale");
  function look() {
    if (stale.hidden && Date.now() - new Date(made.dateTime) > stale.dataset.after * 1000) stale.hidden = false;
  }
  if (made && stale) { look(); setInterval(look, 30000); }
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
  document.querySelectorAll(".bars svg").forEach(function (bars) {
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
})();
