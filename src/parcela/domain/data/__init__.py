"""Generated reference tables; `tools/make_reference_data.py` writes them."""
