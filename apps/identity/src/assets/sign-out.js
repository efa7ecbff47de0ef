// The client named the session that ends: no second question.
document.querySelector("[data-sure] button[value=yes]")?.click();
