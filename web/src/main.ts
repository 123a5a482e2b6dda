// ComfyUI's page imports this; it adds the widget that the node Pose Editor asks for, and nothing else.
import { api } from '../../scripts/api.js'
import { app } from '../../scripts/app.js'
import type { ComfyNode } from './comfy/host'
import { poseEditorWidget } from './comfy/widget'

app.registerExtension({
  name: 'humandiffusion.editor',
  getCustomWidgets: () => ({
    HUMANDIFFUSION_POSE_EDITOR: (node: ComfyNode, name: string) => poseEditorWidget(app, api, node, name)
  })
})
