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
    if (Date.now() - new Date(made.dateTime) > stale.dataset.after * 1000) stale.hidden = false;
  }
  if (made && stale) { look(); setInterval(look, 30000); }
})();
