module example.test/go-server

go 1.22
