"""tastytrade: stocks, options and coins over DXLink, let in by OAuth."""
