package p

var ExportConfigure = configure
