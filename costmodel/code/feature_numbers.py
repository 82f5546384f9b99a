"""The kernel's numbers of CPU features: X86_FEATURE_* as word * 32 + bit.

Read off <asm/cpufeatures.h> of Linux 6.1 and 6.12. Words the hardware defines never
change; those Linux defines (3, 7, 8, 11 and 21) do, by version: ``SINCE`` lists what
does. A name is the constant's, in lower case; ``-`` is a bit without one.
"""

from __future__ import annotations

WORDS: dict[int, str] = {
    0: (
        "fpu vme de pse tsc msr pae mce cx8 apic - sep mtrr pge mca cmov pat pse36 "
        "pn clflush - ds acpi mmx fxsr xmm xmm2 selfsnoop ht acc ia64 pbe"
    ),
    1: (
        "- - - - - - - - - - - syscall - - - - - - - mp nx - mmxext - - fxsr_opt "
        "gbpages rdtscp - lm 3dnowext 3dnow"
    ),
    2: ("recovery longrun - lrti"),
    3: (
        "cxmmx k6_mtrr cyrix_arr centaur_mcr k8 zen5 p3 p4 constant_tsc up art "
        "arch_perfmon pebs bts syscall32 sysenter32 rep_good amd_lbr_v2 "
        "lfence_rdtsc acc_power nopl always xtopology tsc_reliable nonstop_tsc "
        "cpuid extd_apicid amd_dcm aperfmperf rapl nonstop_tsc_s3 tsc_known_freq"
    ),
    4: (
        "xmm3 pclmulqdq dtes64 mwait dscpl vmx smx est tm2 ssse3 cid sdbg fma cx16 "
        "xtpr pdcm - pcid dca xmm4_1 xmm4_2 x2apic movbe popcnt tsc_deadline_timer "
        "aes xsave osxsave avx f16c rdrand hypervisor"
    ),
    5: ("- - xstore xstore_en - - xcrypt xcrypt_en ace2 ace2_en phe phe_en pmm pmm_en"),
    6: (
        "lahf_lm cmp_legacy svm extapic cr8_legacy abm sse4a misalignsse "
        "3dnowprefetch osvw ibs xop skinit wdt - lwp fma4 tce - nodeid_msr - tbm "
        "topoext perfctr_core perfctr_nb - bpext ptsc perfctr_llc mwaitx"
    ),
    7: (
        "ring3mwait cpuid_fault cpb epb cat_l3 cat_l2 cdp_l3 invpcid_single "
        "hw_pstate proc_feedback xcompacted pti kernel_ibrs rsb_vmexit intel_ppin "
        "cdp_l2 msr_spec_ctrl ssbd mba rsb_ctxsw perfmon_v2 use_ibpb use_ibrs_fw "
        "spec_store_bypass_disable ls_cfg_ssbd ibrs ibpb stibp zen l1tf_pteinv "
        "ibrs_enhanced msr_ia32_feat_ctl"
    ),
    8: (
        "tpr_shadow vnmi flexpriority ept vpid coherency_sfw_no - - - - - - - - - "
        "vmmcall xenpv ept_ad vmcall vmw_vmmcall pvunlock vcpupreempt tdx_guest"
    ),
    9: (
        "fsgsbase tsc_adjust sgx bmi1 hle avx2 fdp_excptn_only smep bmi2 erms "
        "invpcid rtm cqm zero_fcs_fds mpx rdt_a avx512f avx512dq rdseed adx smap "
        "avx512ifma - clflushopt clwb intel_pt avx512pf avx512er avx512cd sha_ni "
        "avx512bw avx512vl"
    ),
    10: ("xsaveopt xsavec xgetbv1 xsaves xfd"),
    11: (
        "cqm_llc cqm_occup_llc cqm_mbm_total cqm_mbm_local fence_swapgs_user "
        "fence_swapgs_kernel split_lock_detect per_thread_mba sgx1 sgx2 entry_ibpb "
        "rrsba_ctrl retpoline retpoline_lfence rethunk unret use_ibpb_fw "
        "rsb_vmexit_lite clear_cpu_buf call_depth msr_tsx_ctrl smba bmec "
        "user_shstk srso srso_alias ibpb_on_vmexit apic_msrs_fence zen2 zen3 zen4 "
        "zen1"
    ),
    12: (
        "- - - - avx_vnni avx512_bf16 - cmpccxadd arch_perfmon_ext - fzrm fsrs "
        "fsrc - - - - fred lkgs wrmsrns - amx_fp16 - avx_ifma - - lam"
    ),
    13: (
        "clzero irperf xsaveerptr - rdpru - - - - wbnoinvd - - amd_ibpb - amd_ibrs "
        "amd_stibp - amd_stibp_always_on - - - - - amd_ppin amd_ssbd virt_ssbd "
        "amd_ssb_no cppc amd_psfd btc_no amd_ibpb_ret brs"
    ),
    14: (
        "dtherm ida arat - pln - pts hwp hwp_notify hwp_act_window hwp_epp "
        "hwp_pkg_req - - - hwp_highest_perf_change - - - hfi"
    ),
    15: (
        "npt lbrv svml nrips tscratemsr vmcbclean flushbyasid decodeassists - - "
        "pausefilter - pfthreshold avic - v_vmsave_vmload vgif - x2avic - "
        "v_spec_ctrl - - - - vnmi - - svme_addr_chk"
    ),
    16: (
        "- avx512vbmi umip pku ospke waitpkg avx512_vbmi2 shstk gfni vaes "
        "vpclmulqdq avx512_vnni avx512_bitalg tme avx512_vpopcntdq - la57 - - - - "
        "- rdpid - bus_lock_detect cldemote - movdiri movdir64b enqcmd sgx_lc"
    ),
    17: ("overflow_recov succor - smca"),
    18: (
        "- - avx512_4vnniw avx512_4fmaps fsrm - - - avx512_vp2intersect srbds_ctrl "
        "md_clear rtm_always_abort - tsx_force_abort serialize hybrid_cpu tsxldtrk "
        "- pconfig arch_lbr ibt - amx_bf16 avx512_fp16 amx_tile amx_int8 spec_ctrl "
        "intel_stibp flush_l1d arch_capabilities core_capabilities spec_ctrl_ssbd"
    ),
    19: (
        "sme sev vm_page_flush sev_es sev_snp - - - - v_tsc_aux sme_coherent - - - "
        "debug_swap - - - - - - - - - - - - - svsm - hv_inuse_wr_allowed"
    ),
    20: (
        "no_nested_data_bp wrmsr_xx_base_ns lfence_rdtsc - - verw_clear "
        "null_sel_clr_base - autoibrs no_smm_ctl_msr - - - - - - - - - - - - - - - "
        "- - sbpb ibpb_brtype srso_no srso_user_kernel_no srso_bp_spec_reduce"
    ),
    21: (
        "amd_lbr_pmc_freeze clear_bhb_loop bhi_ctrl clear_bhb_hw "
        "clear_bhb_loop_on_vmexit indirect_thunk_its indirect_thunk_its - - - - "
        "tsa_sq_no tsa_l1_no clear_cpu_buf_vm ibpb_exit_to_user - - tsa_fill_no"
    ),
}

# First kernel version with another meaning -> {number: name}. CLEAR_CPU_BUF moved.
SINCE: tuple[tuple[tuple[int, int], dict[int, str]], ...] = (
    (
        (6, 9),
        {
            3 * 32 + 5: "zen5",
            3 * 32 + 18: "clear_cpu_buf",
            7 * 32 + 7: "tdx_host_platform",
            8 * 32 + 1: "flexpriority",
            8 * 32 + 2: "ept",
            8 * 32 + 3: "vpid",
            8 * 32 + 4: "coherency_sfw_no",
            8 * 32 + 5: "-",
            11 * 32 + 18: "sgx_edeccssa",
            11 * 32 + 19: "call_depth",
            11 * 32 + 21: "smba",
            11 * 32 + 22: "bmec",
            11 * 32 + 23: "user_shstk",
            21 * 32 + 5: "fast_cppc",
            21 * 32 + 6: "indirect_thunk_its",
            21 * 32 + 17: "tsa_fill_no",
        },
    ),
)

# What /proc/cpuinfo prints where that is not the constant's name.
PRINTED: dict[str, str] = {
    "ace": "xcrypt",
    "ace_en": "xcrypt_en",
    "ds_cpl": "dscpl",
    "dts": "ds",
    "monitor": "mwait",
    "nrip_save": "nrips",
    "pdpe1gb": "gbpages",
    "pni": "xmm3",
    "rng": "xstore",
    "rng_en": "xstore_en",
    "ss": "selfsnoop",
    "sse": "xmm",
    "sse2": "xmm2",
    "sse4_1": "xmm4_1",
    "sse4_2": "xmm4_2",
    "svm_lock": "svml",
    "tm": "acc",
    "tsc_scale": "tscratemsr",
    "vmcb_clean": "vmcbclean",
}

# X86_BUG_*: numbers after the last feature word.
BUGS = (
    "f00f fdiv coma amd_tlb_mmatch amd_apic_c1e 11ap fxsave_leak clflush_monitor "
    "sysret_ss_attrs espfix null_seg swapgs_fence monitor amd_e400 cpu_meltdown "
    "spectre_v1 spectre_v2 spec_store_bypass l1tf mds msbds_only swapgs taa "
    "itlb_multihit srbds mmio_stale_data mmio_unknown retbleed eibrs_pbrsb "
    "smt_rsb gds tdx_pw_mce srso div0 rfds bhi ibpb_no_ret its its_native_only - "
    "- tsa vmscape"
)
