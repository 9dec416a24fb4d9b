module github.com/oriel-go/oriel

go 1.26.8
