<%@ page contentType="text/html; charset=UTF-8" session="false" import="shop.Version" %>
<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>java-tomcat <%= Version.CURRENT %></title>
  <style>
    html { color-scheme: light dark }
    body { margin: 0; min-height: 100vh; display: grid; place-items: center; font-family: system-ui, sans-serif }
    h1 { font-size: clamp(3rem, 14vw, 8rem); margin: 0 }
  </style>
</head>
<body>
  <main>
    <p>Version</p>
    <h1><%= Version.CURRENT %></h1>
    <p>on <%= application.getServerInfo() %> and Java <%= Runtime.version().feature() %>, which nobody installed here by hand.</p>
  </main>
</body>
</html>
