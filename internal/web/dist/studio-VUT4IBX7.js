function t(o){o.dataset.mounted=""}function n(){for(let o of document.querySelectorAll("[data-upload]:not([data-mounted])"))t(o)}n();export{n as mount};
