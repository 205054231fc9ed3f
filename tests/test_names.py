"""Names as drivers print them and people write them: read by rule, never into other dimensions."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.facts import Accelerator, Model, find, names, read_names, table
from analysis.facts.accelerator_names import read_accelerator
from analysis.facts.checkpoint_names import read_model, read_precision, released_precision
from analysis.facts.point_names import read_engine
from analysis.facts.spelling import ENGINES, HINTS_COUNT, known_names, near_names, spellings

VENDORS = {"nvidia": "NVIDIA", "amd": "AMD Instinct", "intel": "Intel(R)", "google": "Google Cloud"}


@pytest.mark.parametrize(
    ("written", "name", "chips"),
    [
        ("NVIDIA A100-PCIE-40GB", "a100-pcie-40gb", 0),
        ("NVIDIA A100-SXM4-40GB", "a100-sxm-40gb", 0),
        ("NVIDIA A100 80GB PCIe", "a100-pcie", 0),
        ("A100(80GB)", "a100-sxm", 0),
        ("H100 80GB SXM", "h100-sxm", 0),
        ("NVIDIA H100 80GB HBM3", "h100-sxm", 0),
        ("NVIDIA H100 PCIe", "h100-pcie", 0),
        ("H100-NVL", "h100-nvl", 0),
        ("Tesla V100-SXM2-16GB", "v100-sxm-16gb", 0),
        ("Tesla V100-PCIE-32GB", "v100-pcie-32gb", 0),
        ("RTX 4090 (24GB)", "rtx-4090", 0),
        ("NVIDIA GeForce RTX 4090, 24564 MiB", "rtx-4090", 0),
        ("RTX 3090 Ti", "rtx-3090-ti", 0),
        ("NVIDIA H20-3e", "h20-3e", 0),
        ("H20 141GB", "h20-3e", 0),
        ("NVIDIA H20 96GB", "h20", 0),
        ("NVIDIA B300 SXM6 AC", "b300", 0),
        ("NVIDIA B200 183359MiB", "b200", 0),
        ("NVIDIA RTX PRO 6000 Blackwell Workstation Edition", "rtx-pro-6000-workstation", 0),
        ("NVIDIA RTX PRO 6000 Blackwell Max-Q Workstation Edition", "rtx-pro-6000-max-q", 0),
        ("NVIDIA RTX PRO 6000 Blackwell Server Edition", "rtx-pro-6000", 0),
        ("AMD Instinct MI355X 288GB HBM3e", "mi355x", 0),
        ("AMD Instinct MI300X VF", "mi300x", 0),
        ("Habana Gaudi2", "gaudi2", 0),
        ("Intel(R) Gaudi(R) 3 HL-325L", "gaudi3", 0),
        ("TPU v6e-8", "tpu-v6e", 8),
        ("v5litepod-16", "tpu-v5e", 16),
        ("TPU v5p-8", "tpu-v5p", 4),  # a slice of v5p is named by its TensorCores, two a chip
        ("TPU7x (Ironwood)", "tpu7x", 0),
        ("8xH100", "h100-sxm", 8),
        ("8 x NVIDIA H200 NVL", "h200-nvl", 8),
        ("H100 SXM x 4", "h100-sxm", 4),
        ("H200 SXM x8 (141GB)", "h200-sxm", 8),
        ("A100:4", "a100-sxm", 4),
        ("HGX H200 8-GPU", "h200-sxm", 8),
        ("H100 SXM (8 GPUs)", "h100-sxm", 8),
        ("A10G (24 GB)", "a10g", 0),
        ("Dual RTX 3090", "rtx-3090", 2),
        ("NVIDIA DGX Spark (GB10)", "gb10", 0),
        ("GB300 NVL72", "gb300", 0),
    ],
)
def test_accelerators_are_read_as_tools_print_them(written, name, chips):
    found = read_accelerator(written)
    assert (found.name, found.chips_count, found.fault) == (name, chips, "")


@pytest.mark.parametrize(
    "written",
    [
        "NVIDIA H100 96GB",  # a part of its own
        "RTX 4090 48GB",  # rebuilt with other memory
        "RTX 4090 D",
        "NVIDIA GeForce RTX 4090 Laptop GPU",
        "NVIDIA A100X",
        "GeForce RTX 4070",
        "NVIDIA H100 80GB HBM3 MIG 1g.10gb",  # a seventh of one
        "Quadro RTX 6000",
        "MI300X PCIe",
        "n300",
        "Ascend 910B",
        "",
    ],
)
def test_no_part_stands_for_another_of_other_dimensions(written):
    found = read_accelerator(written)
    assert found.name == ""
    assert repr(written) in found.fault


def test_what_a_name_leaves_open_is_answered_with_the_usual_part_and_said():
    for written, usual, other in (
        ("A100", "a100-sxm", "a100-pcie"),
        ("V100", "v100-sxm", "v100-sxm-16gb"),
    ):
        found = read_accelerator(written)
        assert found.name == usual
        assert other in " ".join(found.notes)
    for exact in ("NVIDIA A100-SXM4-80GB", "H100 SXM", "B200", "L40S", "RTX 4090"):
        assert read_accelerator(exact).notes == ()


@pytest.mark.parametrize(
    ("written", "name", "precision"),
    [
        ("QuantTrio/Qwen3-Coder-30B-A3B-Instruct-AWQ", "qwen3-coder-30b-a3b", "int4"),
        ("Qwen/Qwen3-235B-A22B-GPTQ-Int4", "qwen3-235b-a22b", "int4"),
        ("cpatonn/GLM-4.5-Air-AWQ-4bit", "glm-4.5-air", "int4"),
        ("RedHatAI/Qwen3-8B-quantized.w4a16", "qwen3-8b", "int4"),
        ("unsloth/Llama-3.3-70B-Instruct-bnb-4bit", "llama3.3-70b", "int4"),
        ("bartowski/Meta-Llama-3.1-8B-Instruct-GGUF", "llama3.1-8b", "int4"),
        ("Qwen3-8B-Q4_K_M.gguf", "qwen3-8b", "int4"),
        ("qwen3:32b-q8_0", "qwen3-32b", "fp8"),
        ("nvidia/Llama-3.3-70B-Instruct-NVFP4", "llama3.3-70b", "fp4"),
        ("nvidia/Kimi-K2-Thinking-NVFP4", "kimi-k2-thinking", "fp4"),
        ("neuralmagic/Meta-Llama-3.1-8B-Instruct-FP8-dynamic", "llama3.1-8b", "fp8"),
        ("RedHatAI/Qwen3-8B-quantized.w8a8", "qwen3-8b", "fp8"),
        ("DeepSeek-R1-W4AFP8", "deepseek-r1", "int4"),
        ("amd/Llama-3.1-70B-Instruct-FP8-KV", "llama3.1-70b", "fp8"),
        ("Qwen/Qwen3-30B-A3B-Instruct-2507", "qwen3-30b-a3b", ""),
        ("Qwen3-30B", "qwen3-30b-a3b", ""),
        ("Qwen/Qwen3-Coder-Next", "qwen3-next-80b-a3b", ""),
        ("stepfun-ai/Step-3.5-Flash", "step-3.7-flash", ""),
        ("mistralai/Ministral-3-14B-Instruct-2512", "ministral-3-14b", ""),
        ("allenai/OLMo-2-1124-13B-Instruct", "olmo-2-13b", ""),
        ("/models/Qwen3-32B/", "qwen3-32b", ""),
        ("/hub/models--Qwen--Qwen3-32B-AWQ/snapshots/0e9e39f249a1", "qwen3-32b", "int4"),
        ("ISTA-DASLab/gemma-3-27b-it-GPTQ-4b-128g", "gemma-3-27b", "int4"),
        ("turboderp/Qwen3-32B-exl3-4.0bpw", "qwen3-32b", "int4"),
        ("vicuna-7b", "llama2-7b", ""),
        ("NousResearch/Hermes-3-Llama-3.1-8B", "llama3.1-8b", ""),
    ],
)
def test_checkpoints_are_read_with_their_precision(written, name, precision):
    found = read_model(written)
    assert (found.name, found.precision, found.fault) == (name, precision, "")


@pytest.mark.parametrize(
    "written",
    [
        "gpt-4",
        "Llama-3.1-9B-Instruct",
        "vicuna-9b",
        "yuhuili/EAGLE3-LLaMA3.1-Instruct-8B",  # a draft's head
        "Qwen/Qwen3-Embedding-8B",
        "meta-llama/Llama-3.2-11B-Vision-Instruct",
        "Qwen/Qwen2.5-Omni-7B",
        "meta-llama/Llama-Guard-3-8B",
        "Llama-3.1-Nemotron-Nano-4B",
        "deepseek-v3-lite",
        "Llama3-8B-1.58-100B-tokens",
        "Mistral-Small",
        "",
    ],
)
def test_no_model_stands_for_another_of_other_dimensions(written):
    assert read_model(written).name == ""


@pytest.mark.parametrize(
    ("written", "name"),
    [
        *(dict.fromkeys(("BF16", "fp16", "bfloat16", "half"), "bf16").items()),
        *(dict.fromkeys(("FP8", "FP8-dynamic", "fp8_block", "FP8 E4M3", "mxfp8"), "fp8").items()),
        *(dict.fromkeys(("INT8", "W8A8", "w8a8_fp8", "GPTQ-Int8", "Q8_0", "Q6_K"), "fp8").items()),
        *(dict.fromkeys(("AWQ-INT4", "GPTQ-Int4", "awq_marlin", "W4A16", "4-bit"), "int4").items()),
        *(dict.fromkeys(("bitsandbytes", "Q4_K_M", "UD-Q4_K_XL", "GGUF", "W4A8"), "int4").items()),
        *(dict.fromkeys(("W4AFP8", "INT4 AWQ (g128)", "int4-AutoRound"), "int4").items()),
        *(dict.fromkeys(("NVFP4", "mxfp4", "MXFP4 (native)", "fp4"), "fp4").items()),
        *(dict.fromkeys(("awq (4-bit)", "EXL2 4.0bpw"), "int4").items()),
        *(dict.fromkeys(("torch.bfloat16", "bf16 (unquantised)"), "bf16").items()),
        *(dict.fromkeys(("auto", "", "None", "n/a", "unknown", "compressed-tensors"), "").items()),
        ("BF16 + FP8 KV", "bf16"),
    ],
)
def test_precision_words_are_read(written, name):
    found = read_precision(written)
    assert (found.name, found.fault) == (name, "")


@pytest.mark.parametrize("written", ["fp32", "fp6", "TF32", "fast"])
def test_formats_that_nothing_is_known_of_are_refused(written):
    assert "did you mean" in read_precision(written).fault


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("vLLM 0.11.0", "vllm"),
        ("vllm/vllm-openai:v0.10.2", "vllm"),
        ("sglang:v0.5.9", "sglang"),
        ("lmsysorg/sglang:v0.5.5-rocm700", "sglang"),
        ("TensorRT-LLM 1.1.0rc1", "trtllm"),
        ("dynamo-trt", "trtllm"),
        ("", ""),
        *((other, "") for other in ("TGI 3.0", "LMDeploy", "NIM", "Dynamo", "llama.cpp b4500")),
    ],
)
def test_engines_are_read_whatever_their_version(written, name):
    found = read_engine(written)
    assert (found.name, found.fault) == (name, "")
    assert found.notes or written in ("", *ENGINES)


def test_names_together_say_chips_precision_and_what_was_assumed():
    found = read_names("8xH100", "Qwen/Qwen3-14B-AWQ", "auto", "TGI")
    assert (found.accelerator, found.model, found.precision) == ("h100-sxm", "qwen3-14b", "int4")
    assert (found.engine, found.chips_count, found.fault) == ("", 8, "")
    for word in ("usual part", "8 chips", "int4", "TGI"):
        assert word in found.note
    plain = read_names("NVIDIA B200", "deepseek-ai/DeepSeek-R1", "FP8", "SGLang")
    assert plain.note == ""


@pytest.mark.parametrize(
    ("model", "precision", "weights"),
    [
        ("Qwen3-32B-AWQ", "bf16", "int4"),  # 16 bits is the format of its activations
        ("Qwen3-32B-AWQ", "fp8", "fp8"),
        ("Qwen3-32B", "", "bf16"),
        ("deepseek-r1", "", "fp8"),
        ("openai/gpt-oss-120b", "auto", "fp4"),
        ("moonshotai/Kimi-K2.5", "auto", "int4"),
    ],
)
def test_where_column_and_checkpoint_disagree_one_is_taken_and_said(model, precision, weights):
    found = read_names("b200", model, precision, "vllm")
    assert found.precision == weights
    assert found.note


def test_every_model_is_released_in_a_precision_that_is_known():
    assert {released_precision(name) for name in names(Model)} <= set(known_names("precision"))


def test_hints_are_near_in_family_and_at_most_five():
    assert "minimax" not in read_model("vicuna-9b").fault
    for column, wrong in (
        ("model", "llama-3.1-9b"),
        ("model", "qwen9-1b"),
        ("accelerator", "rtx 4070"),
        ("accelerator", "b20"),
    ):
        near = near_names(column, wrong)
        assert 0 < len(near) <= HINTS_COUNT
        family = re.match("[a-z]+", wrong)[0]
        assert all(name.startswith(family) for name in near)
    assert "of that family" in read_accelerator("n300").fault


# Properties: what writers change freely changes no answer.

SEPARATORS = st.sampled_from([" ", "-", "_", "  "])
MAKERS = table("families").set_index("accelerator")["maker"].to_dict()


def restyle(name, separator, upper, swap):
    styled = re.sub("[-_ ]", separator, name)
    return styled.upper() if upper else styled.swapcase() if swap else styled


@given(st.sampled_from(names(Accelerator)), SEPARATORS, st.booleans(), st.booleans(), st.booleans())
@settings(max_examples=300, deadline=None)
def test_case_separators_and_vendor_words_do_not_count(name, separator, upper, swap, vendor):
    written = restyle(name, separator, upper, swap)
    if vendor:
        written = f"{VENDORS.get(MAKERS[name], MAKERS[name])} {written}"
    assert read_accelerator(written).name == name


COUNTED = st.sampled_from(["{n}x {a}", "{n} x {a}", "{a} x{n}", "{n}× {a}", "{a} (x{n})"])


@given(st.sampled_from(names(Accelerator)), st.integers(1, 64), COUNTED)
@settings(max_examples=200, deadline=None)
def test_a_number_of_chips_is_read_off_and_changes_no_part(name, count, pattern):
    found = read_accelerator(pattern.format(n=count, a=name))
    assert (found.name, found.chips_count) == (name, count)


@given(st.sampled_from(names(Accelerator)))
@settings(max_examples=100, deadline=None)
def test_a_stated_memory_is_held_or_refused(name):
    gigabytes = find(Accelerator, name).memory_bytes_per_chip / 1e9
    assert read_accelerator(f"{name} {gigabytes:.0f}GB").name in (name, "")
    wrong = read_accelerator(f"{name} {gigabytes * 1.31:.0f}GB")
    if wrong.name:
        found = find(Accelerator, wrong.name).memory_bytes_per_chip / 1e9
        assert found == pytest.approx(gigabytes * 1.31, rel=0.09)


SUFFIXES = {
    "": "",
    "-AWQ": "int4",
    "-FP8": "fp8",
    "-GPTQ-Int4": "int4",
    "-NVFP4": "fp4",
    "-GGUF": "int4",
}
SUFFIX = st.sampled_from(sorted(SUFFIXES))


@given(st.sampled_from(names(Model)), SEPARATORS, st.booleans(), SUFFIX, st.booleans())
@settings(max_examples=300, deadline=None)
def test_owner_case_and_suffix_change_no_model(name, separator, upper, suffix, owner):
    written = ("some-owner/" if owner else "") + restyle(name, separator, upper, False) + suffix
    found = read_model(written)
    assert (found.name, found.precision) == (name, SUFFIXES[suffix])


@given(st.text(max_size=60))
@settings(max_examples=500, deadline=None)
def test_any_text_is_read_or_refused_in_words(text):
    for found in (
        read_accelerator(text),
        read_model(text),
        read_precision(text),
        read_engine(text),
    ):
        assert isinstance(found.fault, str)
        assert "\n" not in found.fault


PIECES = ["a", "h", "rtx", "mi", "tpu", "100", "300", "4090", "x", "8", "sxm", "80gb", "v6e", "-"]
PIECES += ["70b", "llama", "qwen3", "awq"]


@given(st.lists(st.sampled_from(PIECES), max_size=6))
@settings(max_examples=500, deadline=None)
def test_words_put_together_mean_one_thing_or_none(words):
    written = " ".join(words)
    for read, column in ((read_accelerator, "accelerator"), (read_model, "model")):
        found = read(written)
        assert bool(found.name) != bool(found.fault)
        assert found.name in ("", *known_names(column))


def test_every_spelling_means_a_thing_that_exists():
    for column in ("accelerator", "model", "precision", "engine"):
        assert set(spellings(column).values()) <= set(known_names(column))
    assert set(table("parts")["accelerator"]) == set(names(Accelerator))
    usual = table("parts").fillna("")
    assert (usual[usual["usual"] == "yes"].groupby("part").size() == 1).all()
