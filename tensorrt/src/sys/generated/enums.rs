// Generated from generator/slots.json by generator/mod.rs: do not edit.

use super::super::enums::versioned_enum;

versioned_enum! {
    /// TensorRT's `BuilderFlag`.
    BuilderFlag "BuilderFlag" {
        /// `kFP16`: TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4.
        Fp16 "kFP16" [(0, 19, 0), (23, 24, 0)];
        /// `kINT8`: TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4.
        Int8 "kINT8" [(0, 19, 1), (23, 24, 1)];
        /// `kDEBUG`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Debug "kDEBUG" [(0, 19, 2), (20, 22, 2), (23, 24, 2), (25, 27, 2)];
        /// `kGPU_FALLBACK`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        GpuFallback "kGPU_FALLBACK" [(0, 19, 3), (20, 22, 3), (23, 24, 3), (25, 27, 3)];
        /// `kREFIT`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Refit "kREFIT" [(0, 19, 4), (20, 22, 4), (23, 24, 4), (25, 27, 4)];
        /// `kDISABLE_TIMING_CACHE`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        DisableTimingCache "kDISABLE_TIMING_CACHE" [(0, 19, 5), (20, 22, 5), (23, 24, 5), (25, 27, 5)];
        /// `kTF32`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Tf32 "kTF32" [(0, 19, 6), (20, 22, 6), (23, 24, 6), (25, 27, 6)];
        /// `kSPARSE_WEIGHTS`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        SparseWeights "kSPARSE_WEIGHTS" [(0, 19, 7), (20, 22, 7), (23, 24, 7), (25, 27, 7)];
        /// `kSAFETY_SCOPE`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        SafetyScope "kSAFETY_SCOPE" [(0, 19, 8), (20, 22, 8), (23, 24, 8), (25, 27, 8)];
        /// `kOBEY_PRECISION_CONSTRAINTS`: TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4.
        ObeyPrecisionConstraints "kOBEY_PRECISION_CONSTRAINTS" [(0, 19, 9), (23, 24, 9)];
        /// `kPREFER_PRECISION_CONSTRAINTS`: TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4.
        PreferPrecisionConstraints "kPREFER_PRECISION_CONSTRAINTS" [(0, 19, 10), (23, 24, 10)];
        /// `kDIRECT_IO`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        DirectIo "kDIRECT_IO" [(0, 19, 11), (20, 22, 11), (23, 24, 11), (25, 27, 11)];
        /// `kREJECT_EMPTY_ALGORITHMS`: TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4.
        RejectEmptyAlgorithms "kREJECT_EMPTY_ALGORITHMS" [(0, 19, 12), (23, 24, 12)];
        /// `kVERSION_COMPATIBLE`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        VersionCompatible "kVERSION_COMPATIBLE" [(0, 19, 13), (20, 22, 12), (23, 24, 13), (25, 27, 12)];
        /// `kEXCLUDE_LEAN_RUNTIME`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        ExcludeLeanRuntime "kEXCLUDE_LEAN_RUNTIME" [(0, 19, 14), (20, 22, 13), (23, 24, 14), (25, 27, 13)];
        /// `kERROR_ON_TIMING_CACHE_MISS`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        ErrorOnTimingCacheMiss "kERROR_ON_TIMING_CACHE_MISS" [(0, 19, 16), (20, 22, 15), (23, 24, 16), (25, 27, 15)];
        /// `kFP8`: TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4.
        Fp8 "kFP8" [(0, 19, 15), (23, 24, 15)];
        /// `kBF16`: TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4.
        Bf16 "kBF16" [(0, 19, 17), (23, 24, 17)];
        /// `kDISABLE_COMPILATION_CACHE`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        DisableCompilationCache "kDISABLE_COMPILATION_CACHE" [(0, 19, 18), (20, 22, 17), (23, 24, 18), (25, 27, 17)];
        /// `kSTRIP_PLAN`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        StripPlan "kSTRIP_PLAN" [(0, 19, 19), (20, 22, 18), (23, 24, 19), (25, 27, 18)];
        /// `kREFIT_IDENTICAL`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        RefitIdentical "kREFIT_IDENTICAL" [(0, 19, 20), (20, 22, 19), (23, 24, 20), (25, 27, 19)];
        /// `kWEIGHT_STREAMING`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        WeightStreaming "kWEIGHT_STREAMING" [(0, 19, 21), (20, 22, 20), (23, 24, 21), (25, 27, 20)];
        /// `kINT4`: TensorRT 10.1-10.16, TensorRT-RTX 1.3-1.4.
        Int4 "kINT4" [(2, 19, 22), (23, 24, 22)];
        /// `kREFIT_INDIVIDUAL`: TensorRT 10.2-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        RefitIndividual "kREFIT_INDIVIDUAL" [(3, 19, 23), (20, 22, 22), (23, 24, 23), (25, 27, 22)];
        /// `kSTRICT_NANS`: TensorRT 10.6-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        StrictNans "kSTRICT_NANS" [(7, 19, 24), (20, 22, 23), (23, 24, 24), (25, 27, 23)];
        /// `kMONITOR_MEMORY`: TensorRT 10.6-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        MonitorMemory "kMONITOR_MEMORY" [(7, 19, 25), (20, 22, 24), (23, 24, 25), (25, 27, 24)];
        /// `kEDITABLE_TIMING_CACHE`: TensorRT 10.8-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        EditableTimingCache "kEDITABLE_TIMING_CACHE" [(9, 19, 27), (20, 22, 26), (23, 24, 27), (25, 27, 26)];
        /// `kFP4`: TensorRT 10.8-10.16, TensorRT-RTX 1.3-1.4.
        Fp4 "kFP4" [(9, 19, 26), (23, 24, 26)];
        /// `kDISTRIBUTIVE_INDEPENDENCE`: TensorRT 10.12-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        DistributiveIndependence "kDISTRIBUTIVE_INDEPENDENCE" [(13, 19, 28), (20, 22, 27), (23, 24, 28), (25, 27, 27)];
        /// `kREQUIRE_USER_ALLOCATION`: TensorRT-RTX 1.3-1.7.
        RequireUserAllocation "kREQUIRE_USER_ALLOCATION" [(23, 24, 29), (25, 27, 28)];
    }
}

versioned_enum! {
    /// TensorRT's `CalibrationAlgoType`.
    CalibrationAlgoType "CalibrationAlgoType" {
        /// `kLEGACY_CALIBRATION`: TensorRT 10.0-10.16.
        LegacyCalibration "kLEGACY_CALIBRATION" [(0, 19, 0)];
        /// `kENTROPY_CALIBRATION`: TensorRT 10.0-10.16.
        EntropyCalibration "kENTROPY_CALIBRATION" [(0, 19, 1)];
        /// `kENTROPY_CALIBRATION_2`: TensorRT 10.0-10.16.
        EntropyCalibration2 "kENTROPY_CALIBRATION_2" [(0, 19, 2)];
        /// `kMINMAX_CALIBRATION`: TensorRT 10.0-10.16.
        MinmaxCalibration "kMINMAX_CALIBRATION" [(0, 19, 3)];
    }
}

versioned_enum! {
    /// TensorRT's `ComputeCapability`.
    ComputeCapability "ComputeCapability" {
        /// `kNONE`: TensorRT-RTX 1.3-1.7.
        None "kNONE" [(23, 24, 0), (25, 27, 0)];
        /// `kCURRENT`: TensorRT-RTX 1.3-1.7.
        Current "kCURRENT" [(23, 24, 1), (25, 27, 1)];
        /// `kSM75`: TensorRT-RTX 1.3-1.7.
        Sm75 "kSM75" [(23, 24, 75), (25, 27, 75)];
        /// `kSM80`: TensorRT-RTX 1.3-1.7.
        Sm80 "kSM80" [(23, 24, 80), (25, 27, 80)];
        /// `kSM86`: TensorRT-RTX 1.3-1.7.
        Sm86 "kSM86" [(23, 24, 86), (25, 27, 86)];
        /// `kSM89`: TensorRT-RTX 1.3-1.7.
        Sm89 "kSM89" [(23, 24, 89), (25, 27, 89)];
        /// `kSM120`: TensorRT-RTX 1.3-1.7.
        Sm120 "kSM120" [(23, 24, 120), (25, 27, 120)];
        /// `kSM121`: TensorRT-RTX 1.5-1.7.
        Sm121 "kSM121" [(25, 27, 121)];
    }
}

versioned_enum! {
    /// TensorRT's `CudaGraphStrategy`.
    CudaGraphStrategy "CudaGraphStrategy" {
        /// `kDISABLED`: TensorRT-RTX 1.3-1.7.
        Disabled "kDISABLED" [(23, 24, 0), (25, 27, 0)];
        /// `kWHOLE_GRAPH_CAPTURE`: TensorRT-RTX 1.3-1.7.
        WholeGraphCapture "kWHOLE_GRAPH_CAPTURE" [(23, 24, 1), (25, 27, 1)];
    }
}

versioned_enum! {
    /// TensorRT's `DataType`.
    DataType "DataType" {
        /// `kFLOAT`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Float "kFLOAT" [(0, 19, 0), (20, 22, 0), (23, 24, 0), (25, 27, 0)];
        /// `kHALF`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Half "kHALF" [(0, 19, 1), (20, 22, 1), (23, 24, 1), (25, 27, 1)];
        /// `kINT8`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Int8 "kINT8" [(0, 19, 2), (20, 22, 2), (23, 24, 2), (25, 27, 2)];
        /// `kINT32`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Int32 "kINT32" [(0, 19, 3), (20, 22, 3), (23, 24, 3), (25, 27, 3)];
        /// `kBOOL`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Bool "kBOOL" [(0, 19, 4), (20, 22, 4), (23, 24, 4), (25, 27, 4)];
        /// `kUINT8`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Uint8 "kUINT8" [(0, 19, 5), (20, 22, 5), (23, 24, 5), (25, 27, 5)];
        /// `kFP8`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Fp8 "kFP8" [(0, 19, 6), (20, 22, 6), (23, 24, 6), (25, 27, 6)];
        /// `kBF16`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Bf16 "kBF16" [(0, 19, 7), (20, 22, 7), (23, 24, 7), (25, 27, 7)];
        /// `kINT64`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Int64 "kINT64" [(0, 19, 8), (20, 22, 8), (23, 24, 8), (25, 27, 8)];
        /// `kINT4`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Int4 "kINT4" [(0, 19, 9), (20, 22, 9), (23, 24, 9), (25, 27, 9)];
        /// `kFP4`: TensorRT 10.8-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Fp4 "kFP4" [(9, 19, 10), (20, 22, 10), (23, 24, 10), (25, 27, 10)];
        /// `kE8M0`: TensorRT 10.12-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        E8m0 "kE8M0" [(13, 19, 11), (20, 22, 11), (23, 24, 11), (25, 27, 11)];
    }
}

versioned_enum! {
    /// TensorRT's `DeviceType`.
    DeviceType "DeviceType" {
        /// `kGPU`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Gpu "kGPU" [(0, 19, 0), (20, 22, 0), (23, 24, 0), (25, 27, 0)];
        /// `kDLA`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Dla "kDLA" [(0, 19, 1), (20, 22, 1), (23, 24, 1), (25, 27, 1)];
    }
}

versioned_enum! {
    /// TensorRT's `DynamicShapesKernelSpecializationStrategy`.
    DynamicShapesKernelSpecializationStrategy "DynamicShapesKernelSpecializationStrategy" {
        /// `kLAZY`: TensorRT-RTX 1.3-1.7.
        Lazy "kLAZY" [(23, 24, 0), (25, 27, 0)];
        /// `kEAGER`: TensorRT-RTX 1.3-1.7.
        Eager "kEAGER" [(23, 24, 1), (25, 27, 1)];
        /// `kNONE`: TensorRT-RTX 1.3-1.7.
        None "kNONE" [(23, 24, 2), (25, 27, 2)];
    }
}

versioned_enum! {
    /// TensorRT's `EngineCapability`.
    EngineCapability "EngineCapability" {
        /// `kSTANDARD`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Standard "kSTANDARD" [(0, 19, 0), (20, 22, 0), (23, 24, 0), (25, 27, 0)];
        /// `kSAFETY`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Safety "kSAFETY" [(0, 19, 1), (20, 22, 1), (23, 24, 1), (25, 27, 1)];
        /// `kDLA_STANDALONE`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        DlaStandalone "kDLA_STANDALONE" [(0, 19, 2), (20, 22, 2), (23, 24, 2), (25, 27, 2)];
    }
}

versioned_enum! {
    /// TensorRT's `EngineInvalidityDiagnostics`.
    EngineInvalidityDiagnostics "EngineInvalidityDiagnostics" {
        /// `kVERSION_MISMATCH`: TensorRT-RTX 1.3-1.7.
        VersionMismatch "kVERSION_MISMATCH" [(23, 24, 1), (25, 27, 1)];
        /// `kUNSUPPORTED_CC`: TensorRT-RTX 1.3-1.7.
        UnsupportedCc "kUNSUPPORTED_CC" [(23, 24, 2), (25, 27, 2)];
        /// `kOLD_CUDA_DRIVER`: TensorRT-RTX 1.3-1.7.
        OldCudaDriver "kOLD_CUDA_DRIVER" [(23, 24, 4), (25, 27, 4)];
        /// `kOLD_CUDA_RUNTIME`: TensorRT-RTX 1.3-1.7.
        OldCudaRuntime "kOLD_CUDA_RUNTIME" [(23, 24, 8), (25, 27, 8)];
        /// `kINSUFFICIENT_GPU_MEMORY`: TensorRT-RTX 1.3-1.7.
        InsufficientGpuMemory "kINSUFFICIENT_GPU_MEMORY" [(23, 24, 16), (25, 27, 16)];
        /// `kMALFORMED_ENGINE`: TensorRT-RTX 1.3-1.7.
        MalformedEngine "kMALFORMED_ENGINE" [(23, 24, 32), (25, 27, 32)];
        /// `kCUDA_ERROR`: TensorRT-RTX 1.3-1.7.
        CudaError "kCUDA_ERROR" [(23, 24, 64), (25, 27, 64)];
    }
}

versioned_enum! {
    /// TensorRT's `EngineStat`.
    EngineStat "EngineStat" {
        /// `kTOTAL_WEIGHTS_SIZE`: TensorRT 10.14-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        TotalWeightsSize "kTOTAL_WEIGHTS_SIZE" [(17, 19, 0), (20, 22, 0), (23, 24, 0), (25, 27, 0)];
        /// `kSTRIPPED_WEIGHTS_SIZE`: TensorRT 10.14-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        StrippedWeightsSize "kSTRIPPED_WEIGHTS_SIZE" [(17, 19, 1), (20, 22, 1), (23, 24, 1), (25, 27, 1)];
    }
}

versioned_enum! {
    /// TensorRT's `EngineValidity`.
    EngineValidity "EngineValidity" {
        /// `kVALID`: TensorRT-RTX 1.3-1.7.
        Valid "kVALID" [(23, 24, 0), (25, 27, 0)];
        /// `kSUBOPTIMAL`: TensorRT-RTX 1.3-1.7.
        Suboptimal "kSUBOPTIMAL" [(23, 24, 1), (25, 27, 1)];
        /// `kINVALID`: TensorRT-RTX 1.3-1.7.
        Invalid "kINVALID" [(23, 24, 2), (25, 27, 2)];
    }
}

versioned_enum! {
    /// TensorRT's `ErrorCode`.
    ErrorCode "ErrorCode" {
        /// `kSUCCESS`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Success "kSUCCESS" [(0, 19, 0), (20, 22, 0), (23, 24, 0), (25, 27, 0)];
        /// `kUNSPECIFIED_ERROR`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        UnspecifiedError "kUNSPECIFIED_ERROR" [(0, 19, 1), (20, 22, 1), (23, 24, 1), (25, 27, 1)];
        /// `kINTERNAL_ERROR`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        InternalError "kINTERNAL_ERROR" [(0, 19, 2), (20, 22, 2), (23, 24, 2), (25, 27, 2)];
        /// `kINVALID_ARGUMENT`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        InvalidArgument "kINVALID_ARGUMENT" [(0, 19, 3), (20, 22, 3), (23, 24, 3), (25, 27, 3)];
        /// `kINVALID_CONFIG`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        InvalidConfig "kINVALID_CONFIG" [(0, 19, 4), (20, 22, 4), (23, 24, 4), (25, 27, 4)];
        /// `kFAILED_ALLOCATION`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        FailedAllocation "kFAILED_ALLOCATION" [(0, 19, 5), (20, 22, 5), (23, 24, 5), (25, 27, 5)];
        /// `kFAILED_INITIALIZATION`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        FailedInitialization "kFAILED_INITIALIZATION" [(0, 19, 6), (20, 22, 6), (23, 24, 6), (25, 27, 6)];
        /// `kFAILED_EXECUTION`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        FailedExecution "kFAILED_EXECUTION" [(0, 19, 7), (20, 22, 7), (23, 24, 7), (25, 27, 7)];
        /// `kFAILED_COMPUTATION`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        FailedComputation "kFAILED_COMPUTATION" [(0, 19, 8), (20, 22, 8), (23, 24, 8), (25, 27, 8)];
        /// `kINVALID_STATE`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        InvalidState "kINVALID_STATE" [(0, 19, 9), (20, 22, 9), (23, 24, 9), (25, 27, 9)];
        /// `kUNSUPPORTED_STATE`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        UnsupportedState "kUNSUPPORTED_STATE" [(0, 19, 10), (20, 22, 10), (23, 24, 10), (25, 27, 10)];
    }
}

versioned_enum! {
    /// TensorRT's `ExecutionContextAllocationStrategy`.
    ExecutionContextAllocationStrategy "ExecutionContextAllocationStrategy" {
        /// `kSTATIC`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Static "kSTATIC" [(0, 19, 0), (20, 22, 0), (23, 24, 0), (25, 27, 0)];
        /// `kON_PROFILE_CHANGE`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        OnProfileChange "kON_PROFILE_CHANGE" [(0, 19, 1), (20, 22, 1), (23, 24, 1), (25, 27, 1)];
        /// `kUSER_MANAGED`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        UserManaged "kUSER_MANAGED" [(0, 19, 2), (20, 22, 2), (23, 24, 2), (25, 27, 2)];
    }
}

versioned_enum! {
    /// TensorRT's `HardwareCompatibilityLevel`.
    HardwareCompatibilityLevel "HardwareCompatibilityLevel" {
        /// `kNONE`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        None "kNONE" [(0, 19, 0), (20, 22, 0), (23, 24, 0), (25, 27, 0)];
        /// `kAMPERE_PLUS`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        AmperePlus "kAMPERE_PLUS" [(0, 19, 1), (20, 22, 1), (23, 24, 1), (25, 27, 1)];
        /// `kSAME_COMPUTE_CAPABILITY`: TensorRT 10.9-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        SameComputeCapability "kSAME_COMPUTE_CAPABILITY" [(10, 19, 2), (20, 22, 2), (23, 24, 2), (25, 27, 2)];
    }
}

versioned_enum! {
    /// TensorRT's `ILogger::Severity`.
    Severity "ILogger::Severity" {
        /// `kINTERNAL_ERROR`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        InternalError "kINTERNAL_ERROR" [(0, 19, 0), (20, 22, 0), (23, 24, 0), (25, 27, 0)];
        /// `kERROR`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Error "kERROR" [(0, 19, 1), (20, 22, 1), (23, 24, 1), (25, 27, 1)];
        /// `kWARNING`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Warning "kWARNING" [(0, 19, 2), (20, 22, 2), (23, 24, 2), (25, 27, 2)];
        /// `kINFO`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Info "kINFO" [(0, 19, 3), (20, 22, 3), (23, 24, 3), (25, 27, 3)];
        /// `kVERBOSE`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Verbose "kVERBOSE" [(0, 19, 4), (20, 22, 4), (23, 24, 4), (25, 27, 4)];
    }
}

versioned_enum! {
    /// TensorRT's `LayerInformationFormat`.
    LayerInformationFormat "LayerInformationFormat" {
        /// `kONELINE`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Oneline "kONELINE" [(0, 19, 0), (20, 22, 0), (23, 24, 0), (25, 27, 0)];
        /// `kJSON`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Json "kJSON" [(0, 19, 1), (20, 22, 1), (23, 24, 1), (25, 27, 1)];
    }
}

versioned_enum! {
    /// TensorRT's `LayerType`.
    LayerType "LayerType" {
        /// `kCONVOLUTION`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Convolution "kCONVOLUTION" [(0, 19, 0), (20, 22, 0), (23, 24, 0), (25, 27, 0)];
        /// `kCAST`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Cast "kCAST" [(0, 19, 1), (20, 22, 1), (23, 24, 1), (25, 27, 1)];
        /// `kACTIVATION`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Activation "kACTIVATION" [(0, 19, 2), (20, 22, 2), (23, 24, 2), (25, 27, 2)];
        /// `kPOOLING`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Pooling "kPOOLING" [(0, 19, 3), (20, 22, 3), (23, 24, 3), (25, 27, 3)];
        /// `kLRN`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Lrn "kLRN" [(0, 19, 4), (20, 22, 4), (23, 24, 4), (25, 27, 4)];
        /// `kSCALE`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Scale "kSCALE" [(0, 19, 5), (20, 22, 5), (23, 24, 5), (25, 27, 5)];
        /// `kSOFTMAX`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Softmax "kSOFTMAX" [(0, 19, 6), (20, 22, 6), (23, 24, 6), (25, 27, 6)];
        /// `kDECONVOLUTION`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Deconvolution "kDECONVOLUTION" [(0, 19, 7), (20, 22, 7), (23, 24, 7), (25, 27, 7)];
        /// `kCONCATENATION`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Concatenation "kCONCATENATION" [(0, 19, 8), (20, 22, 8), (23, 24, 8), (25, 27, 8)];
        /// `kELEMENTWISE`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Elementwise "kELEMENTWISE" [(0, 19, 9), (20, 22, 9), (23, 24, 9), (25, 27, 9)];
        /// `kPLUGIN`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Plugin "kPLUGIN" [(0, 19, 10), (20, 22, 10), (23, 24, 10), (25, 27, 10)];
        /// `kUNARY`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Unary "kUNARY" [(0, 19, 11), (20, 22, 11), (23, 24, 11), (25, 27, 11)];
        /// `kPADDING`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Padding "kPADDING" [(0, 19, 12), (20, 22, 12), (23, 24, 12), (25, 27, 12)];
        /// `kSHUFFLE`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Shuffle "kSHUFFLE" [(0, 19, 13), (20, 22, 13), (23, 24, 13), (25, 27, 13)];
        /// `kREDUCE`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Reduce "kREDUCE" [(0, 19, 14), (20, 22, 14), (23, 24, 14), (25, 27, 14)];
        /// `kTOPK`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Topk "kTOPK" [(0, 19, 15), (20, 22, 15), (23, 24, 15), (25, 27, 15)];
        /// `kGATHER`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Gather "kGATHER" [(0, 19, 16), (20, 22, 16), (23, 24, 16), (25, 27, 16)];
        /// `kMATRIX_MULTIPLY`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        MatrixMultiply "kMATRIX_MULTIPLY" [(0, 19, 17), (20, 22, 17), (23, 24, 17), (25, 27, 17)];
        /// `kRAGGED_SOFTMAX`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        RaggedSoftmax "kRAGGED_SOFTMAX" [(0, 19, 18), (20, 22, 18), (23, 24, 18), (25, 27, 18)];
        /// `kCONSTANT`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Constant "kCONSTANT" [(0, 19, 19), (20, 22, 19), (23, 24, 19), (25, 27, 19)];
        /// `kIDENTITY`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Identity "kIDENTITY" [(0, 19, 20), (20, 22, 20), (23, 24, 20), (25, 27, 20)];
        /// `kPLUGIN_V2`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        PluginV2 "kPLUGIN_V2" [(0, 19, 21), (20, 22, 21), (23, 24, 21), (25, 27, 21)];
        /// `kSLICE`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Slice "kSLICE" [(0, 19, 22), (20, 22, 22), (23, 24, 22), (25, 27, 22)];
        /// `kSHAPE`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Shape "kSHAPE" [(0, 19, 23), (20, 22, 23), (23, 24, 23), (25, 27, 23)];
        /// `kPARAMETRIC_RELU`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        ParametricRelu "kPARAMETRIC_RELU" [(0, 19, 24), (20, 22, 24), (23, 24, 24), (25, 27, 24)];
        /// `kRESIZE`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Resize "kRESIZE" [(0, 19, 25), (20, 22, 25), (23, 24, 25), (25, 27, 25)];
        /// `kTRIP_LIMIT`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        TripLimit "kTRIP_LIMIT" [(0, 19, 26), (20, 22, 26), (23, 24, 26), (25, 27, 26)];
        /// `kRECURRENCE`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Recurrence "kRECURRENCE" [(0, 19, 27), (20, 22, 27), (23, 24, 27), (25, 27, 27)];
        /// `kITERATOR`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Iterator "kITERATOR" [(0, 19, 28), (20, 22, 28), (23, 24, 28), (25, 27, 28)];
        /// `kLOOP_OUTPUT`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        LoopOutput "kLOOP_OUTPUT" [(0, 19, 29), (20, 22, 29), (23, 24, 29), (25, 27, 29)];
        /// `kSELECT`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Select "kSELECT" [(0, 19, 30), (20, 22, 30), (23, 24, 30), (25, 27, 30)];
        /// `kFILL`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Fill "kFILL" [(0, 19, 31), (20, 22, 31), (23, 24, 31), (25, 27, 31)];
        /// `kQUANTIZE`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Quantize "kQUANTIZE" [(0, 19, 32), (20, 22, 32), (23, 24, 32), (25, 27, 32)];
        /// `kDEQUANTIZE`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Dequantize "kDEQUANTIZE" [(0, 19, 33), (20, 22, 33), (23, 24, 33), (25, 27, 33)];
        /// `kCONDITION`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Condition "kCONDITION" [(0, 19, 34), (20, 22, 34), (23, 24, 34), (25, 27, 34)];
        /// `kCONDITIONAL_INPUT`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        ConditionalInput "kCONDITIONAL_INPUT" [(0, 19, 35), (20, 22, 35), (23, 24, 35), (25, 27, 35)];
        /// `kCONDITIONAL_OUTPUT`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        ConditionalOutput "kCONDITIONAL_OUTPUT" [(0, 19, 36), (20, 22, 36), (23, 24, 36), (25, 27, 36)];
        /// `kSCATTER`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Scatter "kSCATTER" [(0, 19, 37), (20, 22, 37), (23, 24, 37), (25, 27, 37)];
        /// `kEINSUM`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Einsum "kEINSUM" [(0, 19, 38), (20, 22, 38), (23, 24, 38), (25, 27, 38)];
        /// `kASSERTION`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Assertion "kASSERTION" [(0, 19, 39), (20, 22, 39), (23, 24, 39), (25, 27, 39)];
        /// `kONE_HOT`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        OneHot "kONE_HOT" [(0, 19, 40), (20, 22, 40), (23, 24, 40), (25, 27, 40)];
        /// `kNON_ZERO`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        NonZero "kNON_ZERO" [(0, 19, 41), (20, 22, 41), (23, 24, 41), (25, 27, 41)];
        /// `kGRID_SAMPLE`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        GridSample "kGRID_SAMPLE" [(0, 19, 42), (20, 22, 42), (23, 24, 42), (25, 27, 42)];
        /// `kNMS`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Nms "kNMS" [(0, 19, 43), (20, 22, 43), (23, 24, 43), (25, 27, 43)];
        /// `kREVERSE_SEQUENCE`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        ReverseSequence "kREVERSE_SEQUENCE" [(0, 19, 44), (20, 22, 44), (23, 24, 44), (25, 27, 44)];
        /// `kNORMALIZATION`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Normalization "kNORMALIZATION" [(0, 19, 45), (20, 22, 45), (23, 24, 45), (25, 27, 45)];
        /// `kPLUGIN_V3`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        PluginV3 "kPLUGIN_V3" [(0, 19, 46), (20, 22, 46), (23, 24, 46), (25, 27, 46)];
        /// `kSQUEEZE`: TensorRT 10.7-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Squeeze "kSQUEEZE" [(8, 19, 47), (20, 22, 47), (23, 24, 47), (25, 27, 47)];
        /// `kUNSQUEEZE`: TensorRT 10.7-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Unsqueeze "kUNSQUEEZE" [(8, 19, 48), (20, 22, 48), (23, 24, 48), (25, 27, 48)];
        /// `kCUMULATIVE`: TensorRT 10.8-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Cumulative "kCUMULATIVE" [(9, 19, 49), (20, 22, 49), (23, 24, 49), (25, 27, 49)];
        /// `kDYNAMIC_QUANTIZE`: TensorRT 10.8-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        DynamicQuantize "kDYNAMIC_QUANTIZE" [(9, 19, 50), (20, 22, 50), (23, 24, 50), (25, 27, 50)];
        /// `kATTENTION_INPUT`: TensorRT 10.14-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        AttentionInput "kATTENTION_INPUT" [(17, 19, 51), (20, 22, 51), (23, 24, 51), (25, 27, 51)];
        /// `kATTENTION_OUTPUT`: TensorRT 10.14-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        AttentionOutput "kATTENTION_OUTPUT" [(17, 19, 52), (20, 22, 52), (23, 24, 52), (25, 27, 52)];
        /// `kROTARY_EMBEDDING`: TensorRT 10.15-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        RotaryEmbedding "kROTARY_EMBEDDING" [(18, 19, 53), (20, 22, 53), (23, 24, 53), (25, 27, 53)];
        /// `kKVCACHE_UPDATE`: TensorRT 10.15-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        KvcacheUpdate "kKVCACHE_UPDATE" [(18, 19, 54), (20, 22, 54), (23, 24, 54), (25, 27, 54)];
        /// `kMOE`: TensorRT 10.16, 11.0-11.4, TensorRT-RTX 1.4-1.7.
        Moe "kMOE" [(19, 19, 55), (20, 22, 55), (24, 24, 55), (25, 27, 55)];
        /// `kDIST_COLLECTIVE`: TensorRT 10.16, 11.0-11.4, TensorRT-RTX 1.4-1.7.
        DistCollective "kDIST_COLLECTIVE" [(19, 19, 56), (20, 22, 56), (24, 24, 56), (25, 27, 56)];
    }
}

versioned_enum! {
    /// TensorRT's `MemoryPoolType`.
    MemoryPoolType "MemoryPoolType" {
        /// `kWORKSPACE`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Workspace "kWORKSPACE" [(0, 19, 0), (20, 22, 0), (23, 24, 0), (25, 27, 0)];
        /// `kDLA_MANAGED_SRAM`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        DlaManagedSram "kDLA_MANAGED_SRAM" [(0, 19, 1), (20, 22, 1), (23, 24, 1), (25, 27, 1)];
        /// `kDLA_LOCAL_DRAM`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        DlaLocalDram "kDLA_LOCAL_DRAM" [(0, 19, 2), (20, 22, 2), (23, 24, 2), (25, 27, 2)];
        /// `kDLA_GLOBAL_DRAM`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        DlaGlobalDram "kDLA_GLOBAL_DRAM" [(0, 19, 3), (20, 22, 3), (23, 24, 3), (25, 27, 3)];
        /// `kTACTIC_DRAM`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        TacticDram "kTACTIC_DRAM" [(0, 19, 4), (20, 22, 4), (23, 24, 4), (25, 27, 4)];
        /// `kTACTIC_SHARED_MEMORY`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        TacticSharedMemory "kTACTIC_SHARED_MEMORY" [(0, 19, 5), (20, 22, 5), (23, 24, 5), (25, 27, 5)];
    }
}

versioned_enum! {
    /// TensorRT's `NetworkDefinitionCreationFlag`.
    NetworkFlag "NetworkDefinitionCreationFlag" {
        /// `kEXPLICIT_BATCH`: TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4.
        ExplicitBatch "kEXPLICIT_BATCH" [(0, 19, 0), (23, 24, 0)];
        /// `kSTRONGLY_TYPED`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        StronglyTyped "kSTRONGLY_TYPED" [(0, 19, 1), (20, 22, 0), (23, 24, 1), (25, 27, 0)];
        /// `kPREFER_JIT_PYTHON_PLUGINS`: TensorRT 10.9-10.16, 11.0-11.4.
        PreferJitPythonPlugins "kPREFER_JIT_PYTHON_PLUGINS" [(10, 19, 2), (20, 22, 1)];
        /// `kPREFER_AOT_PYTHON_PLUGINS`: TensorRT 10.9-10.16, 11.0-11.4.
        PreferAotPythonPlugins "kPREFER_AOT_PYTHON_PLUGINS" [(10, 19, 3), (20, 22, 2)];
    }
}

versioned_enum! {
    /// TensorRT's `OptProfileSelector`.
    ProfileSelector "OptProfileSelector" {
        /// `kMIN`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Min "kMIN" [(0, 19, 0), (20, 22, 0), (23, 24, 0), (25, 27, 0)];
        /// `kOPT`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Opt "kOPT" [(0, 19, 1), (20, 22, 1), (23, 24, 1), (25, 27, 1)];
        /// `kMAX`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Max "kMAX" [(0, 19, 2), (20, 22, 2), (23, 24, 2), (25, 27, 2)];
    }
}

versioned_enum! {
    /// TensorRT's `PreviewFeature`.
    PreviewFeature "PreviewFeature" {
        /// `kALIASED_PLUGIN_IO_10_03`: TensorRT 10.3-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        AliasedPluginIo1003 "kALIASED_PLUGIN_IO_10_03" [(4, 19, 1), (20, 22, 0), (23, 24, 1), (25, 27, 0)];
        /// `kPROFILE_SHARING_0806`: TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4.
        ProfileSharing0806 "kPROFILE_SHARING_0806" [(0, 19, 0), (23, 24, 0)];
        /// `kRUNTIME_ACTIVATION_RESIZE_10_10`: TensorRT 10.10-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        RuntimeActivationResize1010 "kRUNTIME_ACTIVATION_RESIZE_10_10" [(11, 19, 2), (20, 22, 1), (23, 24, 2), (25, 27, 1)];
        /// `kMULTIDEVICE_RUNTIME_10_16`: TensorRT 10.16, TensorRT-RTX 1.4.
        MultideviceRuntime1016 "kMULTIDEVICE_RUNTIME_10_16" [(19, 19, 3), (24, 24, 3)];
    }
}

versioned_enum! {
    /// TensorRT's `ProfilingVerbosity`.
    ProfilingVerbosity "ProfilingVerbosity" {
        /// `kLAYER_NAMES_ONLY`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        LayerNamesOnly "kLAYER_NAMES_ONLY" [(0, 19, 0), (20, 22, 0), (23, 24, 0), (25, 27, 0)];
        /// `kNONE`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        None "kNONE" [(0, 19, 1), (20, 22, 1), (23, 24, 1), (25, 27, 1)];
        /// `kDETAILED`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Detailed "kDETAILED" [(0, 19, 2), (20, 22, 2), (23, 24, 2), (25, 27, 2)];
    }
}

versioned_enum! {
    /// TensorRT's `QuantizationFlag`.
    QuantizationFlag "QuantizationFlag" {
        /// `kCALIBRATE_BEFORE_FUSION`: TensorRT 10.0-10.16.
        CalibrateBeforeFusion "kCALIBRATE_BEFORE_FUSION" [(0, 19, 0)];
    }
}

versioned_enum! {
    /// TensorRT's `RuntimePlatform`.
    RuntimePlatform "RuntimePlatform" {
        /// `kSAME_AS_BUILD`: TensorRT 10.2-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        SameAsBuild "kSAME_AS_BUILD" [(3, 19, 0), (20, 22, 0), (23, 24, 0), (25, 27, 0)];
        /// `kWINDOWS_AMD64`: TensorRT 10.2-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        WindowsAmd64 "kWINDOWS_AMD64" [(3, 19, 1), (20, 22, 1), (23, 24, 1), (25, 27, 1)];
    }
}

versioned_enum! {
    /// TensorRT's `SeekPosition`.
    SeekPosition "SeekPosition" {
        /// `kSET`: TensorRT 10.7-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Set "kSET" [(8, 19, 0), (20, 22, 0), (23, 24, 0), (25, 27, 0)];
        /// `kCUR`: TensorRT 10.7-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Cur "kCUR" [(8, 19, 1), (20, 22, 1), (23, 24, 1), (25, 27, 1)];
        /// `kEND`: TensorRT 10.7-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        End "kEND" [(8, 19, 2), (20, 22, 2), (23, 24, 2), (25, 27, 2)];
    }
}

versioned_enum! {
    /// TensorRT's `SerializationFlag`.
    SerializationFlag "SerializationFlag" {
        /// `kEXCLUDE_WEIGHTS`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        ExcludeWeights "kEXCLUDE_WEIGHTS" [(0, 19, 0), (20, 22, 0), (23, 24, 0), (25, 27, 0)];
        /// `kEXCLUDE_LEAN_RUNTIME`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        ExcludeLeanRuntime "kEXCLUDE_LEAN_RUNTIME" [(0, 19, 1), (20, 22, 1), (23, 24, 1), (25, 27, 1)];
        /// `kINCLUDE_REFIT`: TensorRT 10.14-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        IncludeRefit "kINCLUDE_REFIT" [(17, 19, 2), (20, 22, 2), (23, 24, 2), (25, 27, 2)];
    }
}

versioned_enum! {
    /// TensorRT's `TacticSource`.
    TacticSource "TacticSource" {
        /// `kCUBLAS`: TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4.
        Cublas "kCUBLAS" [(0, 19, 0), (23, 24, 0)];
        /// `kEDGE_MASK_CONVOLUTIONS`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        EdgeMaskConvolutions "kEDGE_MASK_CONVOLUTIONS" [(0, 19, 3), (20, 22, 0), (23, 24, 3), (25, 27, 0)];
        /// `kCUBLAS_LT`: TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4.
        CublasLt "kCUBLAS_LT" [(0, 19, 1), (23, 24, 1)];
        /// `kJIT_CONVOLUTIONS`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        JitConvolutions "kJIT_CONVOLUTIONS" [(0, 19, 4), (20, 22, 1), (23, 24, 4), (25, 27, 1)];
        /// `kCUDNN`: TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4.
        Cudnn "kCUDNN" [(0, 19, 2), (23, 24, 2)];
    }
}

versioned_enum! {
    /// TensorRT's `TensorFormat`.
    TensorFormat "TensorFormat" {
        /// `kLINEAR`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Linear "kLINEAR" [(0, 19, 0), (20, 22, 0), (23, 24, 0), (25, 27, 0)];
        /// `kCHW2`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Chw2 "kCHW2" [(0, 19, 1), (20, 22, 1), (23, 24, 1), (25, 27, 1)];
        /// `kHWC8`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Hwc8 "kHWC8" [(0, 19, 2), (20, 22, 2), (23, 24, 2), (25, 27, 2)];
        /// `kCHW4`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Chw4 "kCHW4" [(0, 19, 3), (20, 22, 3), (23, 24, 3), (25, 27, 3)];
        /// `kCHW16`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Chw16 "kCHW16" [(0, 19, 4), (20, 22, 4), (23, 24, 4), (25, 27, 4)];
        /// `kCHW32`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Chw32 "kCHW32" [(0, 19, 5), (20, 22, 5), (23, 24, 5), (25, 27, 5)];
        /// `kDHWC8`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Dhwc8 "kDHWC8" [(0, 19, 6), (20, 22, 6), (23, 24, 6), (25, 27, 6)];
        /// `kCDHW32`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Cdhw32 "kCDHW32" [(0, 19, 7), (20, 22, 7), (23, 24, 7), (25, 27, 7)];
        /// `kHWC`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Hwc "kHWC" [(0, 19, 8), (20, 22, 8), (23, 24, 8), (25, 27, 8)];
        /// `kDLA_LINEAR`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        DlaLinear "kDLA_LINEAR" [(0, 19, 9), (20, 22, 9), (23, 24, 9), (25, 27, 9)];
        /// `kDLA_HWC4`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        DlaHwc4 "kDLA_HWC4" [(0, 19, 10), (20, 22, 10), (23, 24, 10), (25, 27, 10)];
        /// `kHWC16`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Hwc16 "kHWC16" [(0, 19, 11), (20, 22, 11), (23, 24, 11), (25, 27, 11)];
        /// `kDHWC`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Dhwc "kDHWC" [(0, 19, 12), (20, 22, 12), (23, 24, 12), (25, 27, 12)];
    }
}

versioned_enum! {
    /// TensorRT's `TensorIOMode`.
    TensorIoMode "TensorIOMode" {
        /// `kNONE`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        None "kNONE" [(0, 19, 0), (20, 22, 0), (23, 24, 0), (25, 27, 0)];
        /// `kINPUT`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Input "kINPUT" [(0, 19, 1), (20, 22, 1), (23, 24, 1), (25, 27, 1)];
        /// `kOUTPUT`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Output "kOUTPUT" [(0, 19, 2), (20, 22, 2), (23, 24, 2), (25, 27, 2)];
    }
}

versioned_enum! {
    /// TensorRT's `TensorLocation`.
    TensorLocation "TensorLocation" {
        /// `kDEVICE`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Device "kDEVICE" [(0, 19, 0), (20, 22, 0), (23, 24, 0), (25, 27, 0)];
        /// `kHOST`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Host "kHOST" [(0, 19, 1), (20, 22, 1), (23, 24, 1), (25, 27, 1)];
    }
}

versioned_enum! {
    /// TensorRT's `TilingOptimizationLevel`.
    TilingOptimizationLevel "TilingOptimizationLevel" {
        /// `kNONE`: TensorRT 10.8-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        None "kNONE" [(9, 19, 0), (20, 22, 0), (23, 24, 0), (25, 27, 0)];
        /// `kFAST`: TensorRT 10.8-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Fast "kFAST" [(9, 19, 1), (20, 22, 1), (23, 24, 1), (25, 27, 1)];
        /// `kMODERATE`: TensorRT 10.8-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Moderate "kMODERATE" [(9, 19, 2), (20, 22, 2), (23, 24, 2), (25, 27, 2)];
        /// `kFULL`: TensorRT 10.8-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Full "kFULL" [(9, 19, 3), (20, 22, 3), (23, 24, 3), (25, 27, 3)];
    }
}

versioned_enum! {
    /// TensorRT's `nvonnxparser::ErrorCode`.
    ParserErrorCode "nvonnxparser::ErrorCode" {
        /// `kSUCCESS`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        Success "kSUCCESS" [(0, 19, 0), (20, 22, 0), (23, 24, 0), (25, 27, 0)];
        /// `kINTERNAL_ERROR`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        InternalError "kINTERNAL_ERROR" [(0, 19, 1), (20, 22, 1), (23, 24, 1), (25, 27, 1)];
        /// `kMEM_ALLOC_FAILED`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        MemAllocFailed "kMEM_ALLOC_FAILED" [(0, 19, 2), (20, 22, 2), (23, 24, 2), (25, 27, 2)];
        /// `kMODEL_DESERIALIZE_FAILED`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        ModelDeserializeFailed "kMODEL_DESERIALIZE_FAILED" [(0, 19, 3), (20, 22, 3), (23, 24, 3), (25, 27, 3)];
        /// `kINVALID_VALUE`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        InvalidValue "kINVALID_VALUE" [(0, 19, 4), (20, 22, 4), (23, 24, 4), (25, 27, 4)];
        /// `kINVALID_GRAPH`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        InvalidGraph "kINVALID_GRAPH" [(0, 19, 5), (20, 22, 5), (23, 24, 5), (25, 27, 5)];
        /// `kINVALID_NODE`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        InvalidNode "kINVALID_NODE" [(0, 19, 6), (20, 22, 6), (23, 24, 6), (25, 27, 6)];
        /// `kUNSUPPORTED_GRAPH`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        UnsupportedGraph "kUNSUPPORTED_GRAPH" [(0, 19, 7), (20, 22, 7), (23, 24, 7), (25, 27, 7)];
        /// `kUNSUPPORTED_NODE`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        UnsupportedNode "kUNSUPPORTED_NODE" [(0, 19, 8), (20, 22, 8), (23, 24, 8), (25, 27, 8)];
        /// `kUNSUPPORTED_NODE_ATTR`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        UnsupportedNodeAttr "kUNSUPPORTED_NODE_ATTR" [(0, 19, 9), (20, 22, 9), (23, 24, 9), (25, 27, 9)];
        /// `kUNSUPPORTED_NODE_INPUT`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        UnsupportedNodeInput "kUNSUPPORTED_NODE_INPUT" [(0, 19, 10), (20, 22, 10), (23, 24, 10), (25, 27, 10)];
        /// `kUNSUPPORTED_NODE_DATATYPE`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        UnsupportedNodeDatatype "kUNSUPPORTED_NODE_DATATYPE" [(0, 19, 11), (20, 22, 11), (23, 24, 11), (25, 27, 11)];
        /// `kUNSUPPORTED_NODE_DYNAMIC`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        UnsupportedNodeDynamic "kUNSUPPORTED_NODE_DYNAMIC" [(0, 19, 12), (20, 22, 12), (23, 24, 12), (25, 27, 12)];
        /// `kUNSUPPORTED_NODE_SHAPE`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        UnsupportedNodeShape "kUNSUPPORTED_NODE_SHAPE" [(0, 19, 13), (20, 22, 13), (23, 24, 13), (25, 27, 13)];
        /// `kREFIT_FAILED`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        RefitFailed "kREFIT_FAILED" [(0, 19, 14), (20, 22, 14), (23, 24, 14), (25, 27, 14)];
    }
}

versioned_enum! {
    /// TensorRT's `nvonnxparser::OnnxParserFlag`.
    ParserFlag "nvonnxparser::OnnxParserFlag" {
        /// `kNATIVE_INSTANCENORM`: TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        NativeInstancenorm "kNATIVE_INSTANCENORM" [(0, 19, 0), (20, 22, 0), (23, 24, 0), (25, 27, 0)];
        /// `kENABLE_UINT8_AND_ASYMMETRIC_QUANTIZATION_DLA`: TensorRT 10.13-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        EnableUint8AndAsymmetricQuantizationDla "kENABLE_UINT8_AND_ASYMMETRIC_QUANTIZATION_DLA" [(14, 19, 1), (20, 22, 1), (23, 24, 1), (25, 27, 1)];
        /// `kREPORT_CAPABILITY_DLA`: TensorRT 10.13-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        ReportCapabilityDla "kREPORT_CAPABILITY_DLA" [(14, 19, 2), (20, 22, 2), (23, 24, 2), (25, 27, 2)];
        /// `kENABLE_PLUGIN_OVERRIDE`: TensorRT 10.13-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7.
        EnablePluginOverride "kENABLE_PLUGIN_OVERRIDE" [(14, 19, 3), (20, 22, 3), (23, 24, 3), (25, 27, 3)];
        /// `kADJUST_FOR_DLA`: TensorRT 10.13-10.16, 11.0-11.4, TensorRT-RTX 1.4-1.7.
        AdjustForDla "kADJUST_FOR_DLA" [(14, 19, 4), (20, 22, 4), (24, 24, 4), (25, 27, 4)];
    }
}

